// A directory of its own for each test, with layers in it, gone when the test is: on a tmpfs, or on the guest's ext4 disk.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mount, umount2 } from './syscalls.mjs'

const MNT_DETACH = 2

/** Makes lower/1, lower/2, upper, work and merged; `lower/N` holds a file `from-N`. Returns the directory. */
export function scratch(t, { on = 'tmpfs' } = {}) {
  const dir = mkdtempSync('/tmp/ovl-vm-')
  if (on === 'tmpfs') must(mount('tmpfs', dir, 'tmpfs', 0, null))
  for (const name of ['lower/1', 'lower/2', 'upper', 'work', 'merged']) mkdirSync(`${dir}/${name}`, { recursive: true })
  for (const n of [1, 2]) writeFileSync(`${dir}/lower/${n}/from-${n}`, `${n}\n`)
  t.after(() => {
    for (const { target } of mounts().filter(({ target }) => target.startsWith(dir)).reverse()) umount2(target, MNT_DETACH)
    rmSync(dir, { recursive: true })
  })
  return dir
}

/** The value of a call that has to succeed. */
export function must({ value, errno }) {
  if (errno !== undefined) throw new Error(`the call failed with ${errno}`)
  return value
}

/** /proc/self/mountinfo in its order, undecoded: { target, flags, type, source, options }. */
export function mounts() {
  return readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n').map(line => {
    const [left, right] = line.split(' - ')
    const [, , , , target, flags] = left.split(' ')
    const [type, source, options] = right.split(' ')
    return { target, flags, type, source, options }
  })
}

/** The one mount at `target`, or undefined. */
export function mountAt(target) {
  return mounts().findLast(mounted => mounted.target === target)
}
