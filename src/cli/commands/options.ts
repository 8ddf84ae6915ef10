/** `ovl options WORDS`: what each way into the kernel would be told. */

import { ENCODINGS, encode } from '../../ops/options.ts'
import { specFromWords } from '../../overlay/words.ts'
import type { Call, Outcome } from '../define.ts'
import { mountWords } from '../mount-words.ts'
import { renderOptions } from '../output/human/options.ts'
import { oneOf } from '../usage-error.ts'

export async function handler(call: Call): Promise<Outcome> {
  const spec = specFromWords(mountWords(call))
  const { findings, ...data } = encode(spec, { for: oneOf('for', call.text['for'], ENCODINGS, 'options') ?? 'mount8' })
  return { data, warnings: findings, text: (view) => renderOptions(data, call.flag['explain'] === true, view) }
}
