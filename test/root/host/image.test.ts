import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { imageMountOptions, isImageCutShort, readImageType } from '../../../src/host/image.ts'
import { attachLoop } from '../../../src/host/loop.ts'
import { legacyBits } from '../../../src/host/syscalls/mount-flags.ts'
import { mountLegacy, unmount } from '../../../src/host/syscalls/mount-legacy.ts'
import type { ImageType } from '../../../src/plan/step.ts'
import { hasTool, makeGround } from './ground.ts'

const ground = makeGround()
const sh = (script: string, ...words: string[]): string => execFileSync('sh', ['-ec', script, 'sh', ...words], { encoding: 'utf8', cwd: ground, stdio: ['ignore', 'pipe', 'pipe'] }).trim()
const ours = (): string => sh(`losetup --list --noheadings --output BACK-FILE | grep -F "$1" || true`, ground)

/** Attaches, mounts, lists, and takes it down again. */
function show(image: string, type: ImageType): string[] {
  const { device, fd } = attachLoop(image)
  try {
    mountLegacy(device, `${ground}/at`, type, legacyBits(['ro']), imageMountOptions(type))
  } finally {
    fd.close()
  }
  try {
    return readdirSync(`${ground}/at`).filter((name) => name !== 'lost+found').sort()
  } finally {
    unmount(`${ground}/at`)
  }
}

function failure(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    return isOvlError(error) ? [error.code, error.errno] : error
  }
}

/** The block layer lets a device go a moment after its last user. */
async function nothingAttached(): Promise<void> {
  for (let left = 1000; left > 0 && ours() !== ''; left--) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(ours()).toBe('')
}

interface Kind {
  readonly name: string
  readonly type: ImageType
  readonly tool: string
  readonly make: string
  readonly writable?: true
}

const KINDS: readonly Kind[] = [
  { name: 'squashfs', type: 'squashfs', tool: 'mksquashfs', make: 'mksquashfs tree squashfs.img -quiet -no-progress >/dev/null' },
  { name: 'erofs', type: 'erofs', tool: 'mkfs.erofs', make: 'mkfs.erofs erofs.img tree >/dev/null 2>&1' },
  { name: 'ext4', type: 'ext4', tool: 'mkfs.ext4', make: 'truncate -s 32M ext4.img; mkfs.ext4 -q ext4.img', writable: true },
  { name: 'ext2', type: 'ext4', tool: 'mkfs.ext2', make: 'truncate -s 32M ext2.img; mkfs.ext2 -q ext2.img', writable: true },
  { name: 'xfs', type: 'xfs', tool: 'mkfs.xfs', make: 'truncate -s 320M xfs.img; mkfs.xfs -q xfs.img', writable: true },
  { name: 'btrfs', type: 'btrfs', tool: 'mkfs.btrfs', make: 'truncate -s 128M btrfs.img; mkfs.btrfs -q btrfs.img', writable: true },
]
const filesystems = readFileSync('/proc/filesystems', 'utf8')
const canTest = ({ tool, type }: Kind): boolean => hasTool(tool) && new RegExp(`\\b${type}$`, 'm').test(filesystems)

beforeAll(() => {
  for (const name of ['tree', 'at']) mkdirSync(`${ground}/${name}`)
  writeFileSync(`${ground}/tree/one`, randomBytes(20_000))
})
afterAll(() => expect(ours()).toBe(''))

describe.each(KINDS.filter(canTest))('$name', ({ name, type, make, writable }) => {
  const image = `${ground}/${name}.img`
  const dirty = `${ground}/${name}.dirty`

  beforeAll(() => {
    sh(make)
    if (writable !== true) return
    sh(`mount -o loop "$1" at; echo 1 > at/one; sync -f at; echo 2 > at/two; sync at/two; cp --sparse=always "$1" "$2"; umount at`, image, dirty)
  })

  test('is known, is whole, and is seen', async () => {
    expect(readImageType(image)).toBe(type)
    expect(isImageCutShort(image, type)).toBe(false)
    expect(show(image, type)).toEqual(writable === true ? ['one', 'two'] : ['one'])
    await nothingAttached()
  })

  if (writable === true) test('mounts read-only as it was left, without what only its journal has', async () => {
    expect(readImageType(dirty)).toBe(type)
    expect(isImageCutShort(dirty, type)).toBe(false)
    const before = sh('sha256sum < "$1"', dirty)
    const seen = show(dirty, type)
    expect(['one', 'two']).toEqual(expect.arrayContaining(seen))
    expect(sh('sha256sum < "$1"', dirty)).toBe(before)
    await nothingAttached()
  })

  test('may be attached twice at once', async () => {
    copyFileSync(image, `${ground}/copy.img`)
    mkdirSync(`${ground}/at2`)
    const first = attachLoop(image)
    const second = attachLoop(`${ground}/copy.img`)
    expect(first.device).not.toBe(second.device)
    try {
      mountLegacy(first.device, `${ground}/at`, type, legacyBits(['ro']), imageMountOptions(type))
      try {
        mountLegacy(second.device, `${ground}/at2`, type, legacyBits(['ro']), imageMountOptions(type))
        expect(readdirSync(`${ground}/at2`)).toContain('one')
      } catch (error) {
        // btrfs knows one device by its id alone, before Linux 6.7.
        if (type !== 'btrfs' || !isOvlError(error) || error.errno !== 'EEXIST') throw error
      }
    } finally {
      first.fd.close()
      second.fd.close()
      sh('umount at2 || true; umount at; rmdir at2; rm copy.img')
    }
    await nothingAttached()
  })

  test('bytes after its end do no harm, bytes missing are found out', async () => {
    copyFileSync(image, `${ground}/odd.img`)
    appendFileSync(`${ground}/odd.img`, 'abc')
    expect(isImageCutShort(`${ground}/odd.img`, type)).toBe(false)
    expect(show(`${ground}/odd.img`, type)).toContain('one')
    const size = statSync(image).size
    truncateSync(`${ground}/odd.img`, size - 4096 - 100)
    expect(readImageType(`${ground}/odd.img`)).toBe(type)
    expect(isImageCutShort(`${ground}/odd.img`, type)).toBe(true)
    await nothingAttached()
  })
})

test('what is no image has no type', () => {
  writeFileSync(`${ground}/empty`, '')
  writeFileSync(`${ground}/text`, 'hsq')
  sh('mkfifo fifo')
  for (const name of ['empty', 'text', 'fifo', 'tree']) expect(readImageType(`${ground}/${name}`), name).toBeUndefined()
  expect(() => readImageType(`${ground}/none`)).toThrow('cannot read the image')
})

test('an iso is known', { skip: !hasTool('genisoimage') }, () => {
  sh('genisoimage -quiet -o x.iso tree 2>/dev/null')
  expect(readImageType(`${ground}/x.iso`)).toBe('iso9660')
  expect(isImageCutShort(`${ground}/x.iso`, 'iso9660')).toBe(false)
})

describe('a loop device', () => {
  test('is read-only, and is gone when nothing uses it', async () => {
    writeFileSync(`${ground}/blob`, Buffer.alloc(10_000, 'x'))
    const { device, fd } = attachLoop(`${ground}/blob`)
    const name = device.replace('/dev/', '')
    expect(readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8')).toBe(`${ground}/blob\n`)
    expect(readFileSync(`/sys/block/${name}/loop/autoclear`, 'utf8')).toBe('1\n')
    expect(readFileSync(`/sys/block/${name}/ro`, 'utf8')).toBe('1\n')
    expect(readFileSync(device)).toHaveLength(9728)
    fd.close()
    await nothingAttached()
  })

  test('many at once, each its own', async () => {
    const loops = Array.from({ length: 6 }, () => attachLoop(`${ground}/blob`))
    expect(new Set(loops.map(({ device }) => device)).size).toBe(6)
    for (const { fd } of loops) fd.close()
    await nothingAttached()
  })

  test('a name of any bytes and any length', async () => {
    const name = `${ground}/${'ä'.repeat(100)}\udcff\n`
    const raw = Buffer.concat([Buffer.from(name.slice(0, -2)), Buffer.of(0xff), Buffer.from('\n')])
    copyFileSync(`${ground}/blob`, raw)
    const { fd } = attachLoop(name)
    fd.close()
    await nothingAttached()
  })

  test.each(['ext4', 'overlay'])('holds an image that lies on %s', async (on) => {
    if (on === 'ext4') sh('truncate -s 16M outer.img; mkfs.ext4 -q outer.img; mkdir -p on; mount -o loop outer.img on')
    else sh('mkdir -p l u w on; mount -t overlay o -o lowerdir=l,upperdir=u,workdir=w on')
    sh('cp squashfs.img on/inner.img')
    try {
      expect(show(`${ground}/on/inner.img`, 'squashfs')).toEqual(['one'])
      for (let left = 1000; left > 0 && ours().includes('inner'); left--) await new Promise((resolve) => setTimeout(resolve, 20))
    } finally {
      sh('umount on')
    }
    await nothingAttached()
  })

  test('cannot be had for a directory, for nothing, or without /dev', () => {
    expect(failure(() => attachLoop(`${ground}/tree`))).toEqual(['unknown', 'EINVAL'])
    expect(failure(() => attachLoop(`${ground}/none`))).toEqual(['unknown', 'ENOENT'])
    mountLegacy('dev', '/dev', 'tmpfs', 0, '')
    try {
      expect(failure(() => attachLoop(`${ground}/blob`))).toEqual(['not-permitted', 'ENOENT'])
    } finally {
      unmount('/dev')
    }
  })
})
