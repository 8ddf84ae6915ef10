/** What the system says about itself: defaults of the module, the kernel log, settings, security modules. */

import { closeSync, constants, openSync } from 'node:fs'
import type { Probed } from '../../diagnose/doctor.ts'
import type { Known } from '../../diagnose/facts.ts'
import { isOvlError } from '../../errors/ovl-error.ts'
import { ffi } from '../ffi.ts'
import { heard, missing, refused, unknown, works } from './probe.ts'
import type { PlainProbe, Seen } from './probe.ts'

const row = (id: string, what: string, probe: PlainProbe['probe']): PlainProbe => ({ id, group: 'system', what, where: 'here', probe })

export const SYSTEM_PROBES: readonly PlainProbe[] = [
  row('module-defaults', 'on by default', readDefaults),
  row('kernel-log', 'kernel log', readLog),
  row('userns-settings', 'user namespaces', ({ system }) => settings(system.userNamespaceLimits)),
  row('security-modules', 'security modules', ({ system }) => list(system.securityModules)),
  row('mounts', 'mounts', readMounts),
  row('ffi', 'direct system calls', readFfi),
]

/** `redirect_max` is a number, the rest is Y or N. */
function readDefaults({ system }: Seen): Probed {
  const { moduleParameters } = system
  if (!moduleParameters.known) return unknown('overlay is not loaded, or /sys is not there')
  const entries = Object.entries(moduleParameters.value).sort(([a], [b]) => (a < b ? -1 : 1))
  const on = entries.filter(([, value]) => value === 'Y').map(([name]) => name)
  return works(on.length === 0 ? 'nothing' : on.join(', '), { evidence: heard('sysfs', entries.map(([name, value]) => `${name}=${value}`)), parts: entries.map(([name, value]) => ({ name, state: 'works', detail: value })) })
}

function readLog(): Probed {
  try {
    closeSync(openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK))
    return works('readable: overlay’s reasons can be shown')
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException
    const evidence = heard('probe', [`open /dev/kmsg: ${code}`])
    return code === 'ENOENT' ? missing('no /dev/kmsg', { evidence }) : refused('closed to this user (kernel.dmesg_restrict)', { evidence })
  }
}

function settings(limits: Known<Readonly<Record<string, string>>>): Probed {
  if (!limits.known) return unknown(limits.why)
  const entries = Object.entries(limits.value)
  if (entries.length === 0) return unknown('no setting can be read')
  const words = entries.map(([name, value]) => `${name}=${value}`)
  return works(entries.map(([name, value]) => `${name.slice(name.indexOf('.') + 1)}=${value}`).join(', '), { evidence: heard('proc', words) })
}

function list(modules: Known<readonly string[]>): Probed {
  if (!modules.known) return unknown(modules.why)
  return works(modules.value.length === 0 ? 'none that matters' : modules.value.join(', '))
}

function readMounts({ system: { mountCount, mountMax } }: Seen): Probed {
  if (!mountCount.known) return unknown(mountCount.why)
  return works(`${mountCount.value}${mountMax.known ? ` of ${mountMax.value}` : ''}`)
}

function readFfi(): Probed {
  try {
    ffi()
    return works('koffi')
  } catch (error) {
    return missing('koffi cannot be loaded; mount(8) is used', { evidence: heard('probe', [isOvlError(error) ? error.message : String(error)]) })
  }
}
