/** `ovl mount WORDS`: silent on success, like mount(8). */

import { mount, planOfMount } from '../../ops/mount.ts'
import { specFromWords } from '../../overlay/words.ts'
import { parseVia } from '../../plan/via.ts'
import type { Call, Outcome } from '../define.ts'
import { mountWords } from '../mount-words.ts'
import { renderMounted } from '../output/human/mounted.ts'
import { planOutcome } from '../plan-outcome.ts'

export async function handler(call: Call): Promise<Outcome> {
  const spec = specFromWords(mountWords(call))
  const { via } = call.text
  const options = { ...(via === undefined ? {} : parseVia(via)), strict: call.flag['strict'] === true, remember: true, signal: call.signal }
  if (call.flag['dry-run'] === true) return planOutcome(await planOfMount(spec, options))
  const { warnings, unmount: _unmount, ...data } = await mount(spec, options)
  return { data, warnings, silent: true, done: `'${data.target}' is mounted, and stays`, text: () => renderMounted(data) }
}
