/** What keeps this user from overlays altogether, or from some of what they offer: the kernel, rights, limits of the system. */

import type { Finding, Fix } from '../../errors/finding.ts'
import { finding } from '../../errors/make-finding.ts'
import type { DoctorFacts } from '../doctor.ts'
import { rowOf } from './rows.ts'
import { missingModule } from '../rules/rights.ts'
import { seen, valueOf } from '../suspect.ts'

export function rightsFindings(facts: DoctorFacts): Finding[] {
  return [...moduleMissing(facts), ...notPermitted(facts), ...refusedByKernel(facts), ...namespacesOff(facts), ...needsUserxattr(facts), ...fewMountsLeft(facts)]
}

const FUSE: Fix = { text: 'Or use fuse-overlayfs, which needs no overlay in the kernel.', command: 'apt install fuse-overlayfs' }

function moduleMissing(facts: DoctorFacts): Finding[] {
  const { system } = facts
  const row = rowOf(facts, 'overlay')
  if (row?.state !== 'missing') return []
  const { title, evidence, fix } = missingModule(system)
  return [finding('module-missing', { title, evidence: [...row.evidence, ...evidence], fix: [...fix, ...(hasFuse(facts) ? [] : [FUSE])] })]
}

/** No namespace to probe in: then there is none to mount in either. A setting that says so is the cause; else it is for want of rights. */
function notPermitted(facts: DoctorFacts): Finding[] {
  const { system } = facts
  if (!isLockedOut(facts)) return []
  const limits = forbidding(facts)
  const capable = valueOf(system.capSysAdmin) === true
  const container = { text: 'In a container: start it with --cap-add SYS_ADMIN --security-opt apparmor=unconfined, or mount on the host and hand the merged directory in.' }
  const isDenied = capable && valueOf(system.inUserNamespace) === false
  return [finding(isDenied ? 'lsm-denied' : limits.length === 0 || system.uid === 0 ? 'not-permitted' : 'userns-disabled', {
    title: isDenied ? 'CAP_SYS_ADMIN is there, and yet a security module or a seccomp filter forbids mounting'
      : limits.length > 0 && system.uid !== 0 ? `users without root may not mount overlays: ${settings(limits)}`
      : capable ? 'mounting is not permitted: this mount namespace belongs to another user namespace'
      : `user ${system.uid} may not mount: no CAP_SYS_ADMIN, and no user namespace that has it`,
    evidence: [...limits.map(({ name, forbids }) => seen('proc', `${name}=${forbids}`)), ...facts.closed.map(({ namespace, why }) => seen('probe', `unshare --${namespace}: ${why}`))],
    fix: [
      ...(system.uid === 0 ? [container] : [{ text: 'Run it as root.', command: 'sudo ovl doctor' }]),
      ...allowNamespaces(limits),
      ...(hasFuse(facts) ? [{ text: 'fuse-overlayfs is here, and works wherever /dev/fuse may be opened.' }] : []),
    ],
  })]
}

const isLockedOut = ({ namespace, closed }: DoctorFacts): boolean => namespace === undefined && closed.length > 0 && !closed.some(({ missing }) => missing === true)

/** There is a namespace, and the mount in it failed all the same. */
function refusedByKernel(facts: DoctorFacts): Finding[] {
  const row = rowOf(facts, 'overlay')
  if (row?.state !== 'refused' || facts.namespace === undefined) return []
  const modules = (valueOf(facts.system.securityModules) ?? []).filter((name) => ['selinux', 'apparmor', 'smack', 'tomoyo', 'landlock'].includes(name))
  // Overlay may be mounted in user namespaces since 5.11; before, the kernel answers EPERM there.
  if (facts.namespace === 'user' && modules.length === 0) {
    return [finding('not-permitted', { title: `this kernel (${facts.system.kernelRelease}) refuses overlays inside a user namespace, and user ${facts.system.uid} has no other`, evidence: row.evidence, fix: [{ text: 'Run it as root.', command: 'sudo ovl doctor' }, ...(hasFuse(facts) ? [{ text: 'Or mount by fuse-overlayfs, with --via fuse.' }] : [FUSE])] })]
  }
  return [finding('lsm-denied', {
    title: `the kernel denied an overlay on a fresh tmpfs${modules.length === 0 ? ': a security module or a seccomp filter' : `: ${modules.join(' or ')}`}`,
    confidence: modules.length === 0 ? 'possible' : 'likely',
    evidence: [...row.evidence, ...modules.map((name) => seen('sysfs', `${name} is active`))],
    fix: [{ text: 'Read what was denied.', command: 'journalctl -k -g "avc:|apparmor=" -n 20' }],
  })]
}

/** A setting, the value that forbids, and one that allows. */
const FORBIDS: readonly { readonly name: string; readonly forbids: string; readonly allow: string }[] = [
  { name: 'user.max_user_namespaces', forbids: '0', allow: '15000' },
  { name: 'kernel.unprivileged_userns_clone', forbids: '0', allow: '1' },
  { name: 'kernel.apparmor_restrict_unprivileged_userns', forbids: '1', allow: '0' },
]

type Limits = typeof FORBIDS

function forbidding({ system }: DoctorFacts): Limits {
  const limits = valueOf(system.userNamespaceLimits) ?? {}
  return FORBIDS.filter(({ name, forbids }) => limits[name] === forbids)
}

const settings = (limits: Limits): string => limits.map(({ name, forbids }) => `${name}=${forbids}`).join(', ')

function allowNamespaces(limits: Limits): Fix[] {
  return limits.length === 0 ? [] : [{ text: 'An administrator can allow user namespaces.', command: limits.map(({ name, allow }) => `sysctl ${name}=${allow}`).join(' && ') }]
}

/** A word about others, where this user can do without. */
function namespacesOff(facts: DoctorFacts): Finding[] {
  if (facts.namespace !== 'mount') return []
  const limits = forbidding(facts)
  const closed = facts.closed.find(({ namespace, missing }) => namespace === 'user' && missing !== true)
  if (limits.length === 0 && closed === undefined) return []
  return [finding('userns-disabled', {
    title: limits.length === 0 ? 'no user namespace can be made here' : `users without root may not mount overlays: ${settings(limits)}`,
    severity: 'note',
    evidence: [...limits.map(({ name, forbids }) => seen('proc', `${name}=${forbids}`)), ...(closed === undefined ? [] : [seen('probe', `unshare --user: ${closed.why}`)])],
    fix: allowNamespaces(limits),
  })]
}

/** In a user namespace overlay mounts without userxattr too, and then behaves oddly. */
function needsUserxattr(facts: DoctorFacts): Finding[] {
  const inside = facts.namespace === 'user' || valueOf(facts.system.inUserNamespace) === true
  const plain = rowOf(facts, 'rootless-plain')
  const userxattr = rowOf(facts, 'dir-upper')
  if (!inside || plain?.state !== 'refused' || userxattr?.state !== 'works') return []
  return [finding('userns-needs-userxattr', {
    title: 'without root, say userxattr with each upper',
    severity: 'note',
    evidence: [seen('probe', `without it: ${plain.detail}`)],
    fix: [facts.namespace === 'user' ? { text: 'In a shell with namespaces of its own, mount with -o userxattr.', command: 'unshare --user --map-root-user --mount' } : { text: 'Mount with -o userxattr.' }],
  })]
}

function fewMountsLeft({ system }: DoctorFacts): Finding[] {
  const [limit, count] = [valueOf(system.mountMax), valueOf(system.mountCount)]
  if (limit === undefined || count === undefined || count < limit * 0.9) return []
  return [finding('mount-limit', {
    title: `${count} of ${limit} mounts are taken in this mount namespace`,
    severity: count >= limit ? 'error' : 'warning',
    evidence: [seen('proc', `fs.mount-max=${limit}`), seen('mountinfo', `${count} mounts`)],
    fix: [{ text: 'Raise the limit.', command: `sysctl fs.mount-max=${limit * 2}` }],
  })]
}

const hasFuse = (facts: DoctorFacts): boolean => rowOf(facts, 'fuse-overlayfs')?.state === 'works'
