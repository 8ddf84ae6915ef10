/**
 * The one way out of JavaScript: libc through koffi, loaded on first use. Every binding takes plain
 * numbers and NUL-terminated Buffers and returns what the kernel does: the result, or `-errno`.
 *
 * It gives no meaning to any call and throws only when there is no FFI at all: syscalls/*.ts do the rest.
 * setns, chroot and chdir are left out on purpose: they would split a multi-threaded process. unshare would too,
 * and is for threads that nobody else uses: syscalls/own-namespace.ts. pivot_root moves whole processes, and is for
 * the first process of namespaces of its own: syscalls/confine.ts.
 *
 * `OVL_NO_FFI=1` in the environment makes the load fail, to try the ways that need none.
 */

import { createRequire } from 'node:module'
import { OvlError } from '../errors/ovl-error.ts'

/** A NUL-terminated string or a structure. */
type Pointer = Uint8Array | null

/** The calls; each returns a result ≥ 0 or a negative errno. */
export interface Ffi {
  mount(source: Pointer, target: Pointer, type: Pointer, flags: number, data: Pointer): number
  umount2(target: Pointer, flags: number): number
  unshare(flags: number): number
  ioctlValue(fd: number, request: number, value: number): number
  ioctlBuffer(fd: number, request: number, argument: Uint8Array): number
  flock(fd: number, operation: number): number
  lseek(fd: number, offset: number, whence: number): number
  read(fd: number, buffer: Uint8Array, size: number): number
  lsetxattr(path: Pointer, name: Pointer, value: Pointer, size: number, flags: number): number
  lgetxattr(path: Pointer, name: Pointer, value: Pointer, size: number): number
  llistxattr(path: Pointer, list: Pointer, size: number): number
  lremovexattr(path: Pointer, name: Pointer): number
  fsetxattr(fd: number, name: Pointer, value: Pointer, size: number, flags: number): number
  fgetxattr(fd: number, name: Pointer, value: Pointer, size: number): number
  flistxattr(fd: number, list: Pointer, size: number): number
  openTree(dirfd: number, path: Pointer, flags: number): number
  moveMount(fromFd: number, from: Pointer, toFd: number, to: Pointer, flags: number): number
  fsopen(type: Pointer, flags: number): number
  fsconfig(fs: number, command: number, key: Pointer, value: Pointer, aux: number): number
  fsmount(fs: number, flags: number, attributes: number): number
  fspick(dirfd: number, path: Pointer, flags: number): number
  mountSetattr(dirfd: number, path: Pointer, flags: number, attributes: Uint8Array, size: number): number
  statmount(request: Uint8Array, buffer: Uint8Array, size: number, flags: number): number
  mknodat(dirfd: number, path: Pointer, mode: number, device: number): number
  renameat2(fromFd: number, from: Pointer, toFd: number, to: Pointer, flags: number): number
  getdents64(fd: number, buffer: Uint8Array, size: number): number
  statx(dirfd: number, path: Pointer, flags: number, mask: number, buffer: Uint8Array): number
  openat2(dirfd: number, path: Pointer, how: Uint8Array, size: number): number
  pivotRoot(newRoot: Pointer, putOld: Pointer): number
  prctl(option: number, second: number, third: number, fourth: number, fifth: number): number
}

/** The bindings, loaded now if they were not before. @throws OvlError ffi-unavailable */
export function ffi(): Ffi {
  handle ??= bind()
  return handle
}

let handle: Ffi | undefined

/** Functions that glibc ≥ 2.28 and musl both export, by their C prototype. */
const LIBC: Readonly<Partial<Record<keyof Ffi, string>>> = {
  // int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)
  // https://man7.org/linux/man-pages/man2/mount.2.html
  mount: 'int mount(const void *source, const void *target, const void *type, ulong flags, const void *data)',
  // int umount2(const char *target, int flags)    https://man7.org/linux/man-pages/man2/umount.2.html, 2.1
  umount2: 'int umount2(const void *target, int flags)',
  // int unshare(int flags)    https://man7.org/linux/man-pages/man2/unshare.2.html, 2.6.16
  unshare: 'int unshare(int flags)',
  // int ioctl(int fd, unsigned long op, ...)    https://man7.org/linux/man-pages/man2/ioctl.2.html
  ioctlValue: 'int ioctl(int fd, ulong op, long value)',
  ioctlBuffer: 'int ioctl(int fd, ulong op, void *argument)',
  // int prctl(int op, ...)    https://man7.org/linux/man-pages/man2/prctl.2.html
  prctl: 'int prctl(int op, ulong second, ulong third, ulong fourth, ulong fifth)',
  // int flock(int fd, int operation)    https://man7.org/linux/man-pages/man2/flock.2.html
  flock: 'int flock(int fd, int operation)',
  // off_t lseek(int fd, off_t offset, int whence)    https://man7.org/linux/man-pages/man2/lseek.2.html
  lseek: 'long lseek(int fd, long offset, int whence)',
  // ssize_t read(int fd, void *buffer, size_t count)    https://man7.org/linux/man-pages/man2/read.2.html
  read: 'long read(int fd, void *buffer, size_t count)',
  // ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size) and its kin, 2.4
  // https://man7.org/linux/man-pages/man2/getxattr.2.html
  lsetxattr: 'int lsetxattr(const void *path, const void *name, const void *value, size_t size, int flags)',
  lgetxattr: 'long lgetxattr(const void *path, const void *name, void *value, size_t size)',
  llistxattr: 'long llistxattr(const void *path, void *list, size_t size)',
  lremovexattr: 'int lremovexattr(const void *path, const void *name)',
  fsetxattr: 'int fsetxattr(int fd, const void *name, const void *value, size_t size, int flags)',
  fgetxattr: 'long fgetxattr(int fd, const void *name, void *value, size_t size)',
  flistxattr: 'long flistxattr(int fd, void *list, size_t size)',
}

type Numbers = readonly [x64: number, generic: number]

/**
 * Calls that one of the two C libraries lacks, by number. `long syscall(long number, ...)` is bound with
 * its arguments fixed: on these machines integers and pointers are passed alike either way, and a call
 * costs 0.3 µs instead of 0.6.
 */
const SYSCALLS: Readonly<Partial<Record<keyof Ffi, { readonly number: number | Numbers; readonly args: readonly string[] }>>> = {
  // int open_tree(int dirfd, const char *path, unsigned flags)    https://man7.org/linux/man-pages/man2/open_tree.2.html, 5.2
  openTree: { number: 428, args: ['int', 'const void *', 'uint'] },
  // int move_mount(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)    …/move_mount.2.html, 5.2
  moveMount: { number: 429, args: ['int', 'const void *', 'int', 'const void *', 'uint'] },
  // int fsopen(const char *fsname, unsigned flags)    …/fsopen.2.html, 5.2
  fsopen: { number: 430, args: ['const void *', 'uint'] },
  // int fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux)    …/fsconfig.2.html, 5.2
  fsconfig: { number: 431, args: ['int', 'uint', 'const void *', 'const void *', 'int'] },
  // int fsmount(int fsfd, unsigned flags, unsigned attr_flags)    …/fsmount.2.html, 5.2
  fsmount: { number: 432, args: ['int', 'uint', 'uint'] },
  // int fspick(int dirfd, const char *path, unsigned flags)    …/fspick.2.html, 5.2
  fspick: { number: 433, args: ['int', 'const void *', 'uint'] },
  // int mount_setattr(int dirfd, const char *path, unsigned flags, struct mount_attr *attr, size_t size)    …/mount_setattr.2.html, 5.12
  mountSetattr: { number: 442, args: ['int', 'const void *', 'uint', 'const void *', 'size_t'] },
  // int statmount(const struct mnt_id_req *req, struct statmount *buf, size_t size, unsigned long flags)    …/statmount.2.html, 6.8
  statmount: { number: 457, args: ['const void *', 'void *', 'size_t', 'ulong'] },
  // int mknodat(int dirfd, const char *path, mode_t mode, dev_t dev)    …/mknod.2.html; glibc exports it since 2.33 only
  mknodat: { number: [259, 33], args: ['int', 'const void *', 'uint', 'uint'] },
  // int renameat2(int fromfd, const char *from, int tofd, const char *to, unsigned flags)    …/rename.2.html, 3.15
  renameat2: { number: [316, 276], args: ['int', 'const void *', 'int', 'const void *', 'uint'] },
  // ssize_t getdents64(int fd, void *dirp, size_t count)    …/getdents.2.html; glibc exports it since 2.30 only
  getdents64: { number: [217, 61], args: ['int', 'void *', 'size_t'] },
  // int statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *buf)    …/statx.2.html, 4.11
  statx: { number: [332, 291], args: ['int', 'const void *', 'int', 'uint', 'void *'] },
  // int openat2(int dirfd, const char *path, const struct open_how *how, size_t size)    …/openat2.2.html, 5.6
  openat2: { number: 437, args: ['int', 'const void *', 'const void *', 'size_t'] },
  // int pivot_root(const char *new_root, const char *put_old)    …/pivot_root.2.html; no C library exports it
  pivotRoot: { number: [155, 41], args: ['const void *', 'const void *'] },
}

/** Which column of numbers a machine has; the rest is not known to work. */
const COLUMNS: Readonly<Record<string, 0 | 1>> = { x64: 0, arm64: 1, riscv64: 1, loong64: 1 }

/** The part of koffi that is used here. */
interface Koffi {
  load(path: string | null): { func(definition: string): Func; func(name: string, result: string, args: readonly string[]): Func }
  errno(): number
}
type Func = (...args: readonly (number | Pointer)[]) => number

function bind(): Ffi {
  if (process.env['OVL_NO_FFI'] === '1') throw unavailable('switched off by OVL_NO_FFI=1')
  const column = COLUMNS[process.arch]
  if (column === undefined) throw unavailable(`the system call numbers of ${process.arch} are not known to ovl`)
  const koffi = loadKoffi()
  const { errno } = koffi
  const checked = (func: Func): Func => (...args) => {
    const result = func(...args)
    return result === -1 ? -errno() : result
  }
  const bindings: Partial<Record<keyof Ffi, Func>> = {}
  try {
    const libc = koffi.load(null)
    for (const [name, prototype] of entries(LIBC)) bindings[name] = checked(libc.func(prototype))
    for (const [name, { number, args }] of entries(SYSCALLS)) {
      const call = libc.func('syscall', 'long', ['long', ...args])
      const nr = typeof number === 'number' ? number : number[column]
      bindings[name] = checked((...values) => call(nr, ...values))
    }
  } catch (cause) {
    throw unavailable('a function of the C library was not found', cause)
  }
  return bindings as unknown as Ffi
}

function entries<V>(table: Readonly<Partial<Record<keyof Ffi, V>>>): [keyof Ffi, V][] {
  return Object.entries(table) as [keyof Ffi, V][]
}

/** By require, because it is synchronous. Naming the addon itself would save 2 of some 10 ms, and bind us to koffi’s layout. */
function loadKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi
  } catch (cause) {
    throw unavailable('koffi cannot be loaded', cause)
  }
}

function unavailable(why: string, cause?: unknown): OvlError {
  return new OvlError('ffi-unavailable', `no direct system calls: ${why}`, {
    hint: 'Reinstall with optional dependencies (npm install --include=optional), or mount with --via mount8, which needs mount(8) only.',
    ...(cause === undefined ? {} : { cause }),
  })
}
