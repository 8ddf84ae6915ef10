import { assert, property } from 'fast-check'
import { fstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import type { OvlError } from '../../../src/errors/ovl-error.ts'
import { OwnedFd } from '../../../src/host/fd.ts'
import { lstatName, makeDirectory, readDirectory } from '../../../src/host/files.ts'
import { mountIdOf, openPath } from '../../../src/host/syscalls/files.ts'
import { fsCreate, fsMount, fsOpen, fsPick, fsReconfigure, fsSetFd, fsSetFlag, fsSetString, moveMount, openTree, readContextLog, setMountAttributes } from '../../../src/host/syscalls/mount-api.ts'
import { attributeBits, clearedAttributeBits, legacyBits, propagationBits, superblockFlags } from '../../../src/host/syscalls/mount-flags.ts'
import { mountLegacy, setPropagation, unmount } from '../../../src/host/syscalls/mount-legacy.ts'
import { statOverlay } from '../../../src/host/syscalls/statmount.ts'
import { parseMountinfo } from '../../../src/mounts/mountinfo.ts'
import type { Mount } from '../../../src/mounts/mountinfo.ts'
import { MOUNT_FLAGS } from '../../../src/overlay/spec.ts'
import { hostileName } from '../../support/names.ts'
import { makeGround } from '../host/ground.ts'

const ground = makeGround()
let n = 0
let at = ''
const here = (name: string): string => `${at}/${name}`
const longData = (length: number): string => `lowerdir=${here('a')}:${here('b')}`.padEnd(length, ':/')
const mountAt = (target: string): Mount | undefined => parseMountinfo(readFileSync('/proc/self/mountinfo')).mounts.findLast((mount) => mount.target === target)

beforeEach(() => {
  at = `${ground}/${n++}`
  for (const name of ['', '/a', '/b', '/u', '/w', '/m']) mkdirSync(at + name)
  writeFileSync(here('a/in-a'), 'a')
  writeFileSync(here('b/in-b'), 'b')
})
afterEach(() => {
  while (mountAt(here('m')) !== undefined) unmount(here('m'), { lazy: true })
})

function caught(act: () => unknown): OvlError {
  try {
    act()
  } catch (error) {
    if (isOvlError(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('a context', () => {
  test('layers by descriptor, made, attached, gone', () => {
    using fs = fsOpen('overlay')
    fsSetString(fs, 'source', 'src')
    for (const [key, name] of [['lowerdir+', 'a'], ['lowerdir+', 'b'], ['upperdir', 'u'], ['workdir', 'w']] as const) {
      using layer = openPath(here(name))
      fsSetFd(fs, key, layer.fd)
    }
    fsCreate(fs)
    using mount = fsMount(fs, ['nosuid', 'nodev', 'noatime'])
    expect(mountAt(here('m'))).toBeUndefined()
    moveMount(mount, here('m'))
    const found = mountAt(here('m'))
    expect(found).toMatchObject({ source: 'src', fsType: 'overlay', flags: ['rw', 'nosuid', 'nodev', 'noatime'] })
    expect(found?.superOptions).toContain(`lowerdir+=${here('a')},lowerdir+=${here('b')}`)
    expect(readDirectory(here('m')).sort()).toEqual(['in-a', 'in-b'])
    mount.close()
    unmount(here('m'))
    expect(mountAt(here('m'))).toBeUndefined()
  })

  test('a symlink at the target is followed', () => {
    symlinkSync(here('m'), here('link'))
    using fs = fsOpen('tmpfs')
    fsCreate(fs)
    using mount = fsMount(fs, [])
    moveMount(mount, here('link'))
    expect(mountAt(here('m'))?.fsType).toBe('tmpfs')
  })

  test('names of any bytes arrive as they are', () => {
    assert(property(hostileName(), hostileName(), (one, two) => {
      const lower = here(`l${n++}`)
      makeDirectory(lower)
      // A layer by string takes 255 bytes, so short ones go that way and all by descriptor.
      makeDirectory(`${lower}/${one}`)
      makeDirectory(`${lower}/${one}/${two}`)
      using fs = fsOpen('overlay')
      using layer = openPath(`${lower}/${one}`)
      fsSetFd(fs, 'lowerdir+', layer.fd)
      using plain = openPath(here('a'))
      fsSetFd(fs, 'lowerdir+', plain.fd)
      fsCreate(fs)
      using mount = fsMount(fs, [])
      moveMount(mount, here('m'))
      expect(readDirectory(here('m')).sort()).toEqual(['in-a', two].sort())
      mount.close()
      unmount(here('m'))
    }), { numRuns: 100 })
  })

  test('says what it was that failed, and the kernel’s own words after it', () => {
    using fs = fsOpen('overlay')
    const unknown = caught(() => fsSetString(fs, 'no-such', 'thing'))
    expect(unknown).toMatchObject({ code: 'unknown', details: { syscall: 'fsconfig(SET_STRING)', errno: 'EINVAL' } })
    expect(readContextLog(fs)).toEqual([{ level: 'e', text: `overlay: Unknown parameter 'no-such'` }])
    expect(readContextLog(fs)).toEqual([])
    expect(caught(() => fsSetString(fs, 'lowerdir+', here('none'))).errno).toBe('ENOENT')
    using file = openPath(here('a/in-a'))
    expect(caught(() => fsSetFd(fs, 'lowerdir+', file.fd)).details).toEqual({ syscall: 'fsconfig(SET_FD)', errno: 'EINVAL' })
    expect(caught(() => fsSetFlag(fs, 'no-flag')).errno).toBe('EINVAL')
    expect(caught(() => fsCreate(fs)).details.syscall).toBe('fsconfig(CMD_CREATE)')
    expect(caught(() => fsSetFlag(fs, 'ro')).errno).toBe('EBUSY')
    expect(caught(() => fsOpen('no-such-fs')).errno).toBe('ENODEV')
  })

  test('a log line longer than the buffer comes whole', () => {
    using fs = fsOpen('overlay')
    const key = 'k'.repeat(255)
    caught(() => fsSetFlag(fs, key))
    for (let i = 0; i < 9; i++) caught(() => fsSetFlag(fs, `x${i}`))
    const log = readContextLog(fs)
    expect(log).toHaveLength(8)
    expect(log.at(-1)?.text).toContain(`'x8'`)
  })

  test('a NUL in any name or value is refused before the kernel sees it', () => {
    using fs = fsOpen('tmpfs')
    using mount = openTree(here('a'), { clone: true })
    const acts = [
      () => fsSetString(fs, 'size', '1m\0'), () => fsSetString(fs, 's\0', '1'), () => fsSetFlag(fs, 'r\0o'), () => fsOpen('tmp\0fs'), () => fsPick('/\0'),
      () => moveMount(mount, `${at}\0`), () => openTree('a\0b'), () => setMountAttributes('/\0', {}), () => openPath('\0'), () => mountLegacy('a\0', '/m', 't', 0, ''),
      () => mountLegacy('a', '/m', 't', 0, 'a\0b'), () => unmount('/m\0'), () => setPropagation('\0', 'private'),
    ]
    for (const act of acts) expect(caught(act).code).toBe('usage')
    expect(caught(() => openPath('\ud800')).code).toBe('usage')
  })

  test('reconfigure turns the superblock read-only', () => {
    mountLegacy('t', here('m'), 'tmpfs', 0, '')
    using fs = fsPick(here('m'))
    fsSetFlag(fs, 'ro')
    fsReconfigure(fs)
    expect(mountAt(here('m'))?.superOptions).toMatch(/^ro/)
    expect(mountAt(here('m'))?.flags).toContain('rw')
  })
})

describe('a mount', () => {
  test('flags are set and cleared, by path and by descriptor', () => {
    mountLegacy('t', here('m'), 'tmpfs', legacyBits(['nosuid', 'noatime']), 'size=1m')
    expect(mountAt(here('m'))?.flags).toEqual(['rw', 'nosuid', 'noatime'])
    setMountAttributes(here('m'), { set: ['ro', 'nodev', 'nosymfollow'], clear: ['noatime'] })
    expect(mountAt(here('m'))?.flags).toEqual(['ro', 'nosuid', 'nodev', 'relatime', 'nosymfollow'])
    setMountAttributes(here('m'), { set: ['strictatime', 'nodiratime'], clear: ['ro', 'nosuid'] })
    expect(mountAt(here('m'))?.flags).toEqual(['rw', 'nodev', 'nodiratime', 'nosymfollow'])
    using tree = openTree(here('m'))
    setMountAttributes(tree, { clear: ['nodev', 'nodiratime', 'nosymfollow'], set: ['relatime'] })
    expect(mountAt(here('m'))?.flags).toEqual(['rw', 'relatime'])
  })

  test('every flag has the bit that mount(2) knows', () => {
    for (const flag of MOUNT_FLAGS) {
      mountLegacy('t', here('m'), 'tmpfs', legacyBits([flag]), '')
      const found = mountAt(here('m'))
      const words = [...(found?.flags ?? []), ...(found?.superOptions.split(',') ?? [])]
      expect(words, flag).toEqual(expect.arrayContaining(flag === 'strictatime' ? ['rw'] : [flag]))
      unmount(here('m'))
      using fs = fsOpen('tmpfs')
      for (const word of superblockFlags([flag])) fsSetFlag(fs, word)
      fsCreate(fs)
      using mount = fsMount(fs, [flag])
      moveMount(mount, here('m'))
      expect([mountAt(here('m'))?.flags, mountAt(here('m'))?.superOptions.split(',').filter((word) => (MOUNT_FLAGS as readonly string[]).includes(word))], flag)
        .toEqual([found?.flags, found?.superOptions.split(',').filter((word) => (MOUNT_FLAGS as readonly string[]).includes(word))])
      mount.close()
      unmount(here('m'))
    }
    expect(attributeBits(['sync'])).toBe(0)
    expect(clearedAttributeBits(['nodev'], ['noatime'])).toBe(0x74)
  })

  test('propagation, attached and detached', () => {
    mountLegacy('t', here('m'), 'tmpfs', 0, '')
    setPropagation(here('m'), 'shared')
    expect(mountAt(here('m'))?.optional.join()).toMatch(/^shared:\d+$/)
    setPropagation(here('m'), 'rslave')
    setPropagation(here('m'), 'unbindable')
    expect(mountAt(here('m'))?.optional).toEqual(['unbindable'])
    unmount(here('m'))
    using fs = fsOpen('tmpfs')
    fsCreate(fs)
    using mount = fsMount(fs, [])
    setMountAttributes(mount, { propagation: 'rshared' })
    moveMount(mount, here('m'))
    expect(mountAt(here('m'))?.optional.join()).toMatch(/^shared:/)
    setMountAttributes(here('m'), { propagation: 'private' })
    expect(mountAt(here('m'))?.optional).toEqual([])
    expect(propagationBits('runbindable')).toEqual({ bit: 0x20000, recursive: true })
  })

  test('a clone shows the tree, and its mounts when asked', () => {
    mountLegacy('t', here('a'), 'tmpfs', 0, '')
    mkdirSync(here('a/sub'))
    mountLegacy('t', here('a/sub'), 'tmpfs', 0, '')
    writeFileSync(here('a/sub/deep'), '')
    using flat = openTree(here('a'), { clone: true })
    moveMount(flat, here('m'))
    expect(readDirectory(here('m/sub'))).toEqual([])
    flat.close() // An open descriptor of a mount keeps it busy.
    unmount(here('m'))
    using deep = openTree(here('a'), { clone: true, recursive: true })
    moveMount(deep, here('m'))
    expect(readDirectory(here('m/sub'))).toEqual(['deep'])
  })

  test('unmount tells busy from absent, and does not follow a symlink when told so', () => {
    mountLegacy('t', here('m'), 'tmpfs', 0, '')
    using held = openPath(here('m'))
    expect(caught(() => unmount(here('m'))).details).toEqual({ syscall: 'umount2', errno: 'EBUSY' })
    symlinkSync(here('m'), here('link'))
    expect(caught(() => unmount(here('link'), { noFollow: true })).errno).toBe('EINVAL')
    unmount(here('m'), { lazy: true })
    expect(held.fd).toBeGreaterThan(0)
    expect(caught(() => unmount(here('m'))).errno).toBe('EINVAL')
    expect(caught(() => unmount(here('gone'))).errno).toBe('ENOENT')
  })

  test('options that mount(2) would cut are refused, one byte less is not', () => {
    expect(caught(() => mountLegacy('o', here('m'), 'overlay', 0, longData(4096))).code).toBe('options-too-long')
    expect(caught(() => mountLegacy('o', here('m'), 'overlay', 0, longData(4095))).details.syscall).toBe('mount')
  })

  test('its id is that of the table, and statmount tells it alone', () => {
    mountLegacy('src', here('m'), 'overlay', 0, `lowerdir=${here('a')}:${here('b')},upperdir=${here('u')},workdir=${here('w')}`)
    const found = mountAt(here('m'))
    expect(mountIdOf(here('m'))).toBe(found?.id)
    expect(mountIdOf(here('a'))).toBe(mountAt(ground)?.id)
    expect(mountIdOf('/no/such')).toBeUndefined()
    const status = statOverlay(here('m'))
    if (status === undefined) return
    expect(status).toEqual(found)
    expect([statOverlay('/no/such'), statOverlay(here('a')), statOverlay(ground)]).toEqual([undefined, undefined, undefined])
  })

  test.each(MOUNT_FLAGS.filter((flag) => flag !== 'nosymfollow'))('statmount shows %s and propagation like the table does', (flag) => {
    mountLegacy('a b', here('m'), 'overlay', legacyBits([flag]), `lowerdir=${here('a')}:${here('b')}`)
    for (const word of ['shared', 'slave', 'unbindable', 'private'] as const) {
      setPropagation(here('m'), word)
      const status = statOverlay(here('m'))
      if (status !== undefined) expect(status).toEqual(mountAt(here('m')))
    }
  })

  test('statmount escapes like the table does', () => {
    const name = 'a\\b,c d\te\nf=g#h:i"ä'
    makeDirectory(here(name))
    using fs = fsOpen('overlay')
    using odd = openPath(here(name))
    fsSetFd(fs, 'lowerdir+', odd.fd)
    using plain = openPath(here('a'))
    fsSetFd(fs, 'lowerdir+', plain.fd)
    fsCreate(fs)
    using mount = fsMount(fs, [])
    moveMount(mount, here('m'))
    const status = statOverlay(here('m'))
    if (status !== undefined) expect(status).toEqual(mountAt(here('m')))
  })
})

test('a descriptor has one owner, which closes it once', () => {
  const file = openPath(here('a/in-a'))
  const { fd } = file
  const stat = lstatName(here('a/in-a'))
  expect(typeof stat === 'object' && stat.ino).toBe(fstatSync(fd, { bigint: true }).ino)
  file.close()
  using other = openPath(here('b'))
  expect(other.fd).toBe(fd)
  file.close()
  file[Symbol.dispose]()
  expect(fstatSync(other.fd).isDirectory()).toBe(true)
  expect(caught(() => file.fd).code).toBe('internal')
  expect(new OwnedFd(1).fd).toBe(1)
})
