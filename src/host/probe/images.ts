/** Which images can be attached as layers: the file systems that the kernel has, and loop devices. No module is loaded for it. */

import { closeSync, openSync, readdirSync } from 'node:fs'
import type { ProbePart, ProbeState, Probed } from '../../diagnose/doctor.ts'
import { valueOf } from '../../diagnose/suspect.ts'
import type { ImageType } from '../../plan/step.ts'
import { look, lookFile } from '../facts/look.ts'
import { heard, missing, refused, unknown, works } from './probe.ts'
import type { PlainProbe, Seen } from './probe.ts'

export const IMAGE_PROBES: readonly PlainProbe[] = [
  { id: 'images', group: 'images', what: 'types', where: 'here', probe: probeTypes },
  { id: 'loop', group: 'images', what: 'loop devices', where: 'here', probe: probeLoop },
]

/** Type → the file of its module, below /lib/modules. */
const MODULES: Readonly<Record<ImageType, RegExp>> = {
  squashfs: /\/squashfs\.ko/, erofs: /\/erofs\.ko/, ext4: /\/ext4\.ko/, xfs: /\/xfs\.ko/, btrfs: /\/btrfs\.ko/, iso9660: /\/isofs\.ko/,
}

function probeTypes({ system }: Seen): Probed {
  const registered = lookFile('/proc/filesystems')
  if (!registered.known) return unknown(registered.why)
  const installed = ['modules.dep', 'modules.builtin'].map((file) => lookFile(`/lib/modules/${system.kernelRelease}/${file}`)).map((text) => (text.known ? text.value : '')).join('\n')
  const stateOf = (type: ImageType): ProbeState => (new RegExp(`^\\s*${type}$`, 'm').test(registered.value) || MODULES[type].test(installed) ? 'works' : 'missing')
  const parts: ProbePart[] = (Object.keys(MODULES) as ImageType[]).map((type) => ({ name: type, state: stateOf(type) }))
  const names = (state: ProbeState): string => parts.filter((part) => part.state === state).map(({ name }) => name).join(', ')
  const detail = [names('works'), ...(names('missing') === '' ? [] : [`not ${names('missing')}`])].filter((text) => text !== '').join('; ')
  const state = names('works') === '' ? missing : isRoot(system) ? works : refused
  return state(detail, { parts, evidence: isRoot(system) ? [] : heard('proc', ['images can be mounted by root of the whole system only']) })
}

const isRoot = (system: Seen['system']): boolean => valueOf(system.capSysAdmin) === true && valueOf(system.inUserNamespace) === false

function probeLoop({ system }: Seen): Probed {
  try {
    closeSync(openSync('/dev/loop-control', 'r+'))
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return missing('no /dev/loop-control (modprobe loop)', { evidence: heard('probe', ['open /dev/loop-control: ENOENT']) })
    return refused('images need root: /dev/loop-control is closed', { evidence: heard('probe', [`open /dev/loop-control: ${code}`]) })
  }
  if (!isRoot(system)) return refused('images need root of the whole system')
  const nodes = look(() => readdirSync('/dev').filter((name) => /^loop\d+$/.test(name)).length)
  return works(nodes.known && nodes.value > 0 ? 'can be opened' : 'made on demand; a container may not see them')
}
