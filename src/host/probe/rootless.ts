/** What works with no rights but those of a user namespace, on a tmpfs. */

import { mkdirSync, readdirSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs'
import type { Probed } from '../../diagnose/doctor.ts'
import type { Ground } from './ground.ts'
import { tryOverlay, writable } from './ground.ts'
import { failed } from './overlay.ts'
import { missing, refused, stateOfErrno, works } from './probe.ts'
import type { MountProbe } from './probe.ts'

export const ROOTLESS_PROBES: readonly MountProbe[] = [
  { id: 'userns', group: 'rootless', what: 'user namespace', where: 'userns', probe: () => works('one can be made') },
  { id: 'rootless-userxattr', group: 'rootless', what: 'upper with userxattr', where: 'userns', probe: (ground) => probeUpper(ground, 'userxattr') },
  { id: 'rootless-plain', group: 'rootless', what: 'upper without userxattr', where: 'userns', probe: (ground) => probeUpper(ground, '') },
  { id: 'rootless-redirect', group: 'rootless', what: 'redirect_dir=on', where: 'userns', probe: (ground) => probeOption(ground, 'redirect_dir=on') },
  { id: 'rootless-metacopy', group: 'rootless', what: 'metacopy=on', where: 'userns', probe: (ground) => probeOption(ground, 'metacopy=on') },
]

/** It mounts either way; what tells is whether a directory that was removed can be made again, and hides the old one. */
async function probeUpper(ground: Ground, option: string): Promise<Probed> {
  const place = ground.place()
  mkdirSync(`${place}/l1/tree`)
  writeFileSync(`${place}/l1/tree/old`, '')
  const tried = await tryOverlay(ground, place, writable(place, option), (merged) => remake(`${merged}/tree`))
  if (!tried.ok) return { ...(stateOfErrno(tried.errno) === 'refused' ? refused('overlay is refused here (5.11)') : missing('came with Linux 5.11')), ...failed(tried) }
  if (tried.value === undefined) return works('all of it works')
  const why = option === '' ? 'mounts, but removed directories come back' : 'mounts, but tmpfs keeps no user. here (6.6)'
  return refused(why, { evidence: [{ source: 'probe', fact: `a directory removed and made again: ${tried.value}` }, ...failed(tried).evidence] })
}

/** Undefined when all went well, else what did not. */
function remake(directory: string): string | undefined {
  try {
    unlinkSync(`${directory}/old`)
    rmdirSync(directory)
    mkdirSync(directory)
    return readdirSync(directory).length === 0 ? undefined : 'its old files are back'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

async function probeOption(ground: Ground, word: string): Promise<Probed> {
  const place = ground.place()
  const tried = await tryOverlay(ground, place, writable(place, word), () => undefined)
  if (!tried.ok) return { ...(stateOfErrno(tried.errno) === 'refused' ? refused('refused: it needs trusted. attributes') : missing(`the kernel answers ${tried.errno}`)), ...failed(tried) }
  const [name = '', value] = word.split('=')
  return tried.options.get(name) === value ? works('taken') : refused('dropped without an error', failed(tried))
}
