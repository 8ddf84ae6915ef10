/**
 * What a process can give up for good, for the first process of namespaces of its own (enter-child.ts): the files of
 * the host, capabilities, being looked into, descriptors that it inherited. Which of it is given up is said elsewhere.
 */

import { closeSync, readFileSync, readdirSync } from 'node:fs'
import { errnoName } from '../../errors/errno.ts'
import { OvlError } from '../../errors/ovl-error.ts'
import { ffi } from '../ffi.ts'
import { check, cString } from './check.ts'
import { unmount } from './mount-legacy.ts'

const PR_SET_DUMPABLE = 4
const PR_CAPBSET_DROP = 24

/**
 * Makes the mount at the working directory the root of this mount namespace, and lets go of the old root with all that
 * is mounted in it. Processes of other mount namespaces are not touched.
 * @throws OvlError not-permitted, where the root cannot be changed: in an initramfs or a chroot
 */
export function pivotRootHere(): void {
  const here = cString('.')
  // The new root is put over the old one, which is taken away from below: https://man7.org/linux/man-pages/man2/pivot_root.2.html
  const result = ffi().pivotRoot(here, here)
  if (result < 0) throw new OvlError('not-permitted', `the host cannot be taken out of sight: the root directory of this process cannot be changed (pivot_root: ${errnoName(-result)})`, { syscall: 'pivot_root', errno: errnoName(-result), hint: 'In an initramfs or a chroot the kernel refuses it. With --share-host it is not needed, and then the command can reach the host.' })
  unmount('.', { lazy: true })
  process.chdir('/')
}

/** What is started from now on has no other capability, whatever it executes: capabilities(7), by number. This process keeps its own. */
export function keepCapabilities(kept: ReadonlySet<number>): void {
  for (let capability = 0; capability < 64; capability++) {
    if (kept.has(capability)) continue
    const result = ffi().prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    if (result < 0 && errnoName(-result) === 'EINVAL') return // The kernel has no more of them.
    check(result, 'prctl(PR_CAPBSET_DROP)', `cannot give up capability ${capability}`)
  }
}

/** Only who has CAP_SYS_PTRACE can look into this process from now on: /proc/PID/root, exe, fd, environ, mem. */
export function hideProcess(): void {
  check(ffi().prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), 'prctl(PR_SET_DUMPABLE)', 'this process cannot be hidden')
}

const O_CLOEXEC = 0o2000000

/** Closes the descriptors from `first` on that a program started from here would inherit. Node’s own are never among them. */
export function closeInherited(first: number): void {
  for (const fd of readdirSync('/proc/self/fd').map(Number)) {
    if (fd < first) continue
    try {
      const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1]
      if (flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0) closeSync(fd)
    } catch {
      // It was that of the listing itself.
    }
  }
}
