/** What this user, this namespace and this kernel let be mounted at all. */

import type { Fix } from '../../errors/finding.ts'
import { quoteShell } from '../../names/shell.ts'
import { findOption } from '../../overlay/options.ts'
import { readAttempt } from '../attempt.ts'
import { mountAgain } from '../../overlay/command.ts'
import type { FindingDetails } from '../../errors/make-finding.ts'
import type { Facts, SystemFact } from '../facts.ts'
import { quote, seen, suspect, valueOf } from '../suspect.ts'
import type { Suspect } from '../suspect.ts'
import { ROLE_WORDS } from './paths.ts'

export function rightsSuspects(facts: Facts): Suspect[] {
  return [...moduleSuspects(facts), ...permissionSuspects(facts), ...refusedOptions(facts), ...lockedMounts(facts), ...unbindable(facts), ...securitySuspects(facts), ...idmapSuspects(facts)]
}

function moduleSuspects(facts: Facts): Suspect[] {
  const { system } = facts
  const { errno, stages = [] } = readAttempt(facts) ?? {}
  const refused = errno === 'ENODEV' && stages.includes('open')
  const absent = system.overlayRegistered.known && !system.overlayRegistered.value
  // A module that is not loaded yet is registered by the attempt itself: absent counts once it was tried.
  if (!refused || (!absent && system.overlayRegistered.known)) return []
  const { title, evidence, fix } = missingModule(system)
  return [suspect('module-missing', [], { title, evidence: [...(absent ? [seen('proc', '/proc/filesystems has no overlay')] : []), ...evidence], fix: [...fix, { text: 'Or use fuse-overlayfs, which needs no module of its own.' }] })]
}

/** Why overlay is not there: built without it, a module whose kernel was replaced by an update, or one that is not loaded. */
export function missingModule({ kernelRelease, kernelConfig, modulesInstalled }: SystemFact): Required<Pick<FindingDetails, 'title' | 'evidence' | 'fix'>> {
  const built = valueOf(kernelConfig)?.['CONFIG_OVERLAY_FS']
  const config = built === undefined ? [] : [seen('proc', built === 'n' ? 'CONFIG_OVERLAY_FS is not set in the configuration of this kernel' : `CONFIG_OVERLAY_FS=${built} in the configuration of this kernel`)]
  if (built === 'n') return { title: `this kernel (${kernelRelease}) was built without overlay: no module can bring it`, evidence: config, fix: [{ text: 'Boot a kernel that has it (CONFIG_OVERLAY_FS=y or m).', command: 'uname -r; ls /boot/vmlinuz-*' }] }
  if (valueOf(modulesInstalled) === false && built !== 'y') {
    return { title: `the overlay module cannot be loaded: there are no modules for the running kernel ${kernelRelease}`, evidence: [seen('stat', `/lib/modules/${kernelRelease} does not exist`), ...config], fix: [{ text: 'Reboot into the kernel that is installed.', command: 'systemctl reboot' }] }
  }
  return { title: built === 'm' ? `the overlay module of this kernel (${kernelRelease}) is not loaded, and could not be` : `this kernel (${kernelRelease}) has no overlay file system`, evidence: config, fix: [{ text: 'Load the module, and read why it cannot be loaded.', command: 'modprobe overlay' }] }
}

function permissionSuspects(facts: Facts): Suspect[] {
  const { system, spec } = facts
  const { errno } = readAttempt(facts) ?? {}
  const may = valueOf(system.mayMount)
  const capable = valueOf(system.capSysAdmin)
  // Not known: then EPERM is the best witness, unless an option is one as well.
  const guess = may === undefined && errno === 'EPERM' && refusedOptions(facts).length === 0
  if (may !== false && !guess) return []
  const inside = valueOf(system.inUserNamespace) === true
  const limits = capable === true ? [] : forbidding(facts)
  const sudo: Fix = { text: 'Run it as root.', ...asRoot(spec) }
  const enter: Fix = { text: 'Mount it inside a user and mount namespace of your own, where it is seen by what runs there.', command: 'unshare --user --map-root-user --mount' }
  const permitted = suspect('not-permitted', [], {
    title: `mounting is not permitted: ${capable === true ? 'this mount namespace belongs to another user namespace' : `user ${system.uid} has no CAP_SYS_ADMIN here`}`,
    evidence: [capable === true ? seen('probe', 'CapEff has CAP_SYS_ADMIN, and yet the kernel answers EPERM') : seen('proc', 'CapEff lacks CAP_SYS_ADMIN')],
    confidence: may === false ? 'certain' : 'likely',
    fix: [...(inside ? [] : [sudo]), ...(limits.length === 0 ? [enter] : [])],
  })
  return limits.length === 0 ? [permitted] : [permitted, disabled(limits, inside)]
}

function asRoot(spec: Facts['spec']): Pick<Fix, 'command'> {
  const { command } = mountAgain(spec)
  return command === undefined ? {} : { command: `sudo ${command}` }
}

/** Outside of a user namespace this only closes the way round; inside, it is what took the rights away. */
function disabled(limits: readonly Limit[], inside: boolean): Suspect {
  return suspect('userns-disabled', [], {
    title: `users without root ${inside ? 'have no rights in user namespaces' : 'may not make user namespaces'}: ${limits.map(({ name, value }) => `${name}=${value}`).join(', ')}`,
    severity: inside ? 'error' : 'note',
    evidence: limits.map(({ name, value }) => seen('proc', `${name}=${value}`)),
    fix: [{ text: 'An administrator can allow it.', command: limits.map(({ name, allow }) => `sysctl ${name}=${allow}`).join(' && ') }],
  })
}

interface Limit {
  readonly name: string
  readonly value: string
  readonly allow: string
}

/** Settings that forbid, and a value that allows. */
const FORBIDS: readonly { readonly name: string; readonly forbids: string; readonly allow: string }[] = [
  { name: 'user.max_user_namespaces', forbids: '0', allow: '15000' },
  { name: 'kernel.unprivileged_userns_clone', forbids: '0', allow: '1' },
  { name: 'kernel.apparmor_restrict_unprivileged_userns', forbids: '1', allow: '0' },
]

function forbidding({ system }: Facts): Limit[] {
  const limits = valueOf(system.userNamespaceLimits) ?? {}
  return FORBIDS.flatMap(({ name, forbids, allow }) => (limits[name] === forbids ? [{ name, value: forbids, allow }] : []))
}

/** Options that need trusted xattrs, inside a user namespace. */
function refusedOptions(facts: Facts): Suspect[] {
  const { spec, system } = facts
  if (spec === undefined || valueOf(system.inUserNamespace) !== true) return []
  const refused = Object.entries(spec.options).filter(([name, value]) => {
    const row = findOption(name)
    return row?.rootless === 'refused' && (row.rootlessValues === undefined || (value !== true && row.rootlessValues.includes(value)))
  })
  const userxattr = spec.options.userxattr !== undefined
  const options = refused.map(([name, value]) => optionRefused(facts, name, value))
  if (spec.data.length === 0 || userxattr) return options
  return [...options, suspect('userns-option-refused', [], {
    title: 'data-only layers are refused inside a user namespace without userxattr',
    evidence: [seen('proc', '/proc/self/uid_map is that of a user namespace')],
    fix: [{ text: 'Add userxattr (Linux 6.16 and newer).', ...mountAgain({ ...spec, options: { ...spec.options, userxattr: true } }) }],
  })]
}

function optionRefused({ spec }: Facts, name: string, value: string | true): Suspect {
  const options = Object.fromEntries(Object.entries(spec?.options ?? {}).filter(([key]) => key !== name))
  return suspect('userns-option-refused', [], {
    title: `${value === true ? name : `${name}=${value}`} is refused inside a user namespace`,
    evidence: [seen('proc', '/proc/self/uid_map is that of a user namespace')],
    fix: [{ text: `Leave ${name} out.`, ...mountAgain(spec === undefined ? spec : { ...spec, options }) }, { text: 'Or mount as root.' }],
  })
}

/**
 * Mounts below a layer that came along into this user namespace are locked. Those made inside are not,
 * and nothing tells the two apart: the finding rests on the refusal as well.
 */
function lockedMounts(facts: Facts): Suspect[] {
  if (valueOf(facts.system.inUserNamespace) !== true) return []
  return facts.paths.flatMap((fact) => {
    const below = valueOf(fact.mountsBelow) ?? []
    const [first] = below
    if (first === undefined || fact.role === 'target') return []
    return [suspect('userns-locked-mounts', [fact.path, fact.absolute], {
      title: `${ROLE_WORDS[fact.role]} ${quote(fact.path)} has ${below.length === 1 ? `a mount below it, ${quote(first)}` : `${below.length} mounts below it, such as ${quote(first)}`}, which a user namespace may not uncover`,
      evidence: below.slice(0, 3).map((target) => seen('mountinfo', `a mount at ${quote(target)}`)),
      fix: [{ text: 'Name as layers the directories below that have no mounts in them, such as /usr and /etc in place of /.' }, { text: 'Or mount as root.' }],
    })]
  }).slice(0, 1)
}

/** An unbindable mount cannot be cloned, and each layer is a clone. */
function unbindable(facts: Facts): Suspect[] {
  return facts.paths.filter((fact) => valueOf(fact.unbindable) === true && fact.role !== 'target').map((fact) => {
    const where = valueOf(fact.mountPoint) ?? fact.absolute
    return suspect(fact.role === 'lower' || fact.role === 'data' ? 'lower-unsupported' : 'upper-unsupported', [fact.path, fact.absolute], {
      title: `${ROLE_WORDS[fact.role]} ${quote(fact.path)} lies on an unbindable mount, ${quote(where)}`,
      explanation: 'The kernel takes a private copy of the mount each layer lies on, as a bind mount would, and this mount is marked “unbindable”.',
      evidence: [seen('mountinfo', `${quote(where)} is unbindable`)],
      fix: [{ text: 'Take the mark away.', command: `mount --make-private ${quoteShell(where)}` }],
    })
  })
}

/** EACCES and EPERM that no permission bit explains. */
function securitySuspects(facts: Facts): Suspect[] {
  const { errno, stages = [] } = readAttempt(facts) ?? {}
  if (stages.includes('make') || valueOf(facts.system.mayMount) === false) return []
  const denied = errno === 'EACCES' || (errno === 'EPERM' && valueOf(facts.system.capSysAdmin) === true)
  const modules = (valueOf(facts.system.securityModules) ?? []).filter((name) => ['selinux', 'apparmor', 'smack', 'tomoyo', 'landlock'].includes(name))
  if (!denied || facts.paths.some((fact) => fact.errno === 'EACCES')) return []
  return [suspect('lsm-denied', [], {
    title: modules.length === 0 ? 'the kernel denied it although every path may be searched: a security module or a seccomp filter' : `the kernel denied it although every path may be searched: ${modules.join(' or ')}`,
    confidence: modules.length === 0 ? 'possible' : 'likely',
    evidence: modules.map((name) => seen('sysfs', `${name} is active`)),
    fix: [{ text: 'Read what was denied.', command: 'journalctl -k -g "avc:|apparmor=" -n 20' }],
  })]
}

function idmapSuspects(facts: Facts): Suspect[] {
  const { trial, spec } = facts
  if (trial === undefined || !(trial.step === 'clone-idmapped' || trial.syscall === 'mount_setattr')) return []
  const layer = spec === undefined ? undefined : [...spec.lower, ...spec.data].find(({ idmap }) => idmap !== undefined)
  return [suspect('idmap-unsupported', layer === undefined ? [] : [layer.path], {
    title: `${layer === undefined ? 'a layer' : `lower ${quote(layer.path)}`} cannot be id-mapped${facts.system.kernelRelease === '' ? '' : ` on this kernel (${facts.system.kernelRelease})`}`,
    confidence: trial.errno === 'EINVAL' || trial.errno === 'EOPNOTSUPP' ? 'certain' : 'likely',
    evidence: [seen('probe', `${trial.syscall ?? trial.step}: ${trial.errno ?? 'failed'}`)],
    fix: [{ text: 'Use a layer on a file system that can be id-mapped (ext4, xfs, btrfs, erofs; tmpfs since 6.3), or leave idmap= out.' }],
  })]
}
