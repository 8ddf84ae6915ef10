// The kernel's mount calls, bare, for tests that look at the kernel and not at ovl. Each returns { value } or { errno: 'EINVAL' }.

import { spawn } from 'node:child_process'
import { closeSync, constants as O, openSync, readSync, readlinkSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import koffi from 'koffi'

const libc = koffi.load('libc.so.6')
const names = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]))
// Two names share a number; the manual pages of mount say these.
names.set(11, 'EAGAIN').set(95, 'EOPNOTSUPP')

function call(func) {
  return (...args) => {
    const value = Number(func(...args))
    return value < 0 ? { errno: names.get(koffi.errno()) ?? String(koffi.errno()) } : { value }
  }
}

// x86-64 passes the arguments of a variadic function of integers and pointers like any others.
function syscall(number, ...types) {
  const func = libc.func('syscall', 'long', ['long', ...types])
  return call((...args) => func(number, ...args))
}

export const mount = call(libc.func('int mount(const char *source, const char *target, const char *type, ulong flags, const char *data)'))
export const umount2 = call(libc.func('int umount2(const char *target, int flags)'))
export const openTree = syscall(428, 'int', 'str', 'uint')
export const moveMount = syscall(429, 'int', 'str', 'int', 'str', 'uint')
export const fsopen = syscall(430, 'str', 'uint')
export const fsconfig = syscall(431, 'int', 'uint', 'str', 'str', 'int')
export const fsmount = syscall(432, 'int', 'uint', 'uint')
export const statmount = syscall(457, 'void *', 'void *', 'size_t', 'uint')
const mountSetattr = syscall(442, 'int', 'str', 'uint', 'void *', 'size_t')

/** enum fsconfig_command */
export const CMD = { FLAG: 0, STRING: 1, BINARY: 2, PATH: 3, PATH_EMPTY: 4, FD: 5, CREATE: 6, RECONFIGURE: 7, CREATE_EXCL: 8 }
export const AT_FDCWD = -100
const AT_EMPTY_PATH = 0x1000
export const OPEN_TREE_CLONE = 1
export const MOVE_MOUNT_F_EMPTY_PATH = 4
export const MOVE_MOUNT_BENEATH = 0x200
const MOUNT_ATTR_IDMAP = 0x00100000n

export const setString = (fs, key, value) => fsconfig(fs, CMD.STRING, key, value, 0)
export const setFlag = (fs, key) => fsconfig(fs, CMD.FLAG, key, null, 0)
export const setFd = (fs, key, fd) => fsconfig(fs, CMD.FD, key, null, fd)
export const create = fs => fsconfig(fs, CMD.CREATE, null, null, 0)

/** Maps the owners of a detached tree: what root owns is shown as owned by `uid`. */
export function idmap(tree, uid) {
  // A user namespace has to have a process in it when its map is written; the open file keeps it after that.
  const holder = spawn('unshare', ['--user', 'sleep', '60'], { stdio: 'ignore' })
  try {
    const own = readlinkSync('/proc/self/ns/user')
    while (readlinkSync(`/proc/${holder.pid}/ns/user`) === own) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${holder.pid}/${map}`, `0 ${uid} 1`)
    const namespace = openSync(`/proc/${holder.pid}/ns/user`, O.O_RDONLY)
    // struct mount_attr { u64 attr_set, attr_clr, propagation, userns_fd }
    const attributes = Buffer.from(new BigUint64Array([MOUNT_ATTR_IDMAP, 0n, 0n, BigInt(namespace)]).buffer)
    const done = mountSetattr(tree, '', AT_EMPTY_PATH, attributes, attributes.length)
    closeSync(namespace)
    return done
  } finally {
    holder.kill('SIGKILL')
  }
}

/** All messages of a context's log, oldest first. */
export function contextLog(fs) {
  const messages = []
  const buffer = Buffer.alloc(4096)
  for (;;) {
    try {
      messages.push(buffer.toString('utf8', 0, readSync(fs, buffer)).trimEnd())
    } catch (error) {
      // ENODATA: the log is empty.
      if (error.code === 'ENODATA') return messages
      throw error
    }
  }
}

/** What the kernel logged while `work` ran, without /dev/kmsg's prefix and the lines of other drivers. */
export function kernelLog(work) {
  const listener = listen()
  try {
    return { result: work(), log: listener.heard() }
  } finally {
    listener.close()
  }
}

/** The same for work that takes its time. */
export function listen() {
  const fd = openSync('/dev/kmsg', O.O_RDONLY | O.O_NONBLOCK)
  drain(fd)
  return { heard: () => drain(fd).filter(text => /overlay/.test(text)), close: () => closeSync(fd) }
}

function drain(fd) {
  const messages = []
  const buffer = Buffer.alloc(8192)
  for (;;) {
    try {
      const record = buffer.toString('utf8', 0, readSync(fd, buffer))
      messages.push(record.slice(record.indexOf(';') + 1).split('\n')[0])
    } catch (error) {
      if (error.code === 'EAGAIN') return messages
      // EPIPE: the ring buffer ran over the reader; the next read goes on with what is left.
      if (error.code !== 'EPIPE') throw error
    }
  }
}
