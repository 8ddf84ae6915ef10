/** The kernel and the rights of this process, as far as they bear on overlays. */

import { existsSync } from 'node:fs'
import type { Known, SystemFact } from '../../diagnose/facts.ts'
import { isOvlError } from '../../errors/ovl-error.ts'
import { LARGEST_FILE, readRegular } from '../regular-file.ts'
import { fsOpen } from '../syscalls/mount-api.ts'
import { capSysAdmin, inUserNamespace, kernelRelease, pageSize } from '../system.ts'
import { known, look, lookDirectory, lookFile } from './look.ts'
import type { MountView } from './mounts.ts'

/** Reads /proc and /sys. */
export function collectSystem(mounts: Known<MountView>): SystemFact {
  const overlayRegistered = map(lookFile('/proc/filesystems'), (text) => /^nodev\s+overlay$/m.test(text))
  const parameters = moduleParameters()
  // With the module there, its parameters say more than its defaults, and unpacking the configuration takes 5 ms.
  const isOpen = !parameters.known || !overlayRegistered.known || !overlayRegistered.value
  return {
    kernelRelease: kernelRelease(),
    pageSize: pageSize(),
    overlayRegistered,
    moduleParameters: parameters,
    ...(isOpen ? { kernelConfig: kernelConfig() } : {}),
    inUserNamespace: inUserNamespace(),
    capSysAdmin: capSysAdmin(),
    mayMount: mayMount(),
    uid: process.geteuid?.() ?? 0,
    mountMax: map(lookFile('/proc/sys/fs/mount-max'), Number),
    mountCount: map(mounts, (view) => view.mounts.length),
    securityModules: securityModules(),
    userNamespaceLimits: userNamespaceLimits(),
    modulesInstalled: look(() => existsSync(`/lib/modules/${kernelRelease()}`)),
  }
}

/** Asked of the kernel where it is in doubt: with CAP_SYS_ADMIN in a user namespace that may not own the mount namespace. */
export function mayMount(): Known<boolean> {
  const capable = capSysAdmin()
  const inside = inUserNamespace()
  if (!capable.known || !inside.known || !capable.value || !inside.value) return capable
  return look(() => {
    try {
      fsOpen('tmpfs').close()
      return true
    } catch (error) {
      if (isOvlError(error) && error.errno === 'EPERM') return false
      throw error
    }
  })
}

const PARAMETERS = '/sys/module/overlay/parameters'

function moduleParameters(): Known<Readonly<Record<string, string>>> {
  return map(lookDirectory(PARAMETERS), (names) => Object.fromEntries(names.flatMap((name) => entry(name, lookFile(`${PARAMETERS}/${name}`)))))
}

/** The kernel’s own copy, where it keeps one (CONFIG_IKCONFIG_PROC), or the distribution’s. */
function kernelConfig(): Known<Readonly<Record<string, string>>> {
  return look(() => {
    const text = existsSync('/proc/config.gz') ? process.getBuiltinModule('node:zlib').gunzipSync(readRegular('/proc/config.gz'), { maxOutputLength: LARGEST_FILE }).toString('latin1') : readRegular(`/boot/config-${kernelRelease()}`).toString('latin1')
    return parseKernelConfig(text)
  })
}

/** What is not set is there as a comment, or not at all where what it needs is not set. */
export function parseKernelConfig(text: string): Record<string, string> {
  const found = Array.from(text.matchAll(/^(?:(CONFIG_OVERLAY_FS\w*)=(\S+)|# (CONFIG_OVERLAY_FS\w*) is not set)$/gm), ([, set, value = '', unset = '']): [string, string] => (set === undefined ? [unset, 'n'] : [set, value]))
  return { CONFIG_OVERLAY_FS: 'n', ...Object.fromEntries(found) }
}

/** Without securityfs the modules that matter here still show in /sys. */
function securityModules(): Known<readonly string[]> {
  const listed = map(lookFile('/sys/kernel/security/lsm'), (text) => text.split(','))
  if (listed.known) return listed
  return known([...(existsSync('/sys/fs/selinux/enforce') ? ['selinux'] : []), ...(existsSync('/sys/module/apparmor') ? ['apparmor'] : [])])
}

/** Debian’s and Ubuntu’s own, besides the kernel’s limit. */
const LIMITS: Readonly<Record<string, string>> = {
  'user.max_user_namespaces': '/proc/sys/user/max_user_namespaces',
  'kernel.unprivileged_userns_clone': '/proc/sys/kernel/unprivileged_userns_clone',
  'kernel.apparmor_restrict_unprivileged_userns': '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
}

function userNamespaceLimits(): Known<Readonly<Record<string, string>>> {
  return known(Object.fromEntries(Object.entries(LIMITS).flatMap(([name, path]) => entry(name, lookFile(path)))))
}

function map<A, B>(fact: Known<A>, change: (value: A) => B): Known<B> {
  return fact.known ? known(change(fact.value)) : fact
}

const entry = (name: string, fact: Known<string>): [string, string][] => (fact.known ? [[name, fact.value]] : [])
