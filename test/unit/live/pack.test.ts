/** What becomes of a medium: names of the new image, what goes, which texts change. Beside each case stands what the live system then stacks. */

import { describe, expect, it } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { percentIn } from '../../../src/host/pack-tree.ts'
import { planLive } from '../../../src/live/live-plan.ts'
import type { Medium } from '../../../src/live/medium.ts'
import { edited, placeOf, planPack } from '../../../src/live/pack.ts'
import { addLayerPath, formatManifest, renameLayerPaths, renameSources, renewSums } from '../../../src/live/pack-texts.ts'
import { packingOf } from '../../../src/live/squashfs.ts'
import { images, medium } from './medium.ts'

const shelf = (at: string, ...names: string[]): string[] => names.map((name) => `/${at}/${name}`)
const grub = (...lines: string[]): Record<string, string> => ({ '/boot/grub/grub.cfg': lines.map((line, at) => `menuentry "entry ${at}" {\n\tlinux\t${line}\n}\n`).join('') })
const CHAIN = shelf('casper', 'minimal.squashfs', 'minimal.size', 'minimal.standard.squashfs', 'minimal.standard.squashfs.gpg', 'minimal.standard.live.squashfs', 'minimal.standard.live.manifest', 'minimal.de.squashfs', 'vmlinuz', 'initrd', 'install-sources.yaml')
const IN_INITRD = { '/casper/initrd/conf/conf.d/default-layer.conf': 'LAYERFS_PATH=minimal.standard.live.squashfs\n' }
const SOURCES = { '/casper/install-sources.yaml': '- path: minimal.standard.squashfs\n  type: fsimage-layered\n' }
/** A boot menu is a text of a file that is there. */
const on = (names: readonly string[], ...texts: Readonly<Record<string, string>>[]): Medium => {
  const all = Object.assign({}, ...texts) as Record<string, string>
  return medium([...names, ...Object.keys(all).filter((path) => !names.includes(path) && !path.includes('initrd/'))], all)
}

const liveOf = (of: Medium, cmdline?: string): Parameters<typeof planPack>[1] => {
  const { system, layers, cmdline: said } = planLive(of, cmdline === undefined ? {} : { cmdline })
  return { system, cmdline: said, layers: layers.map(({ name, path }) => ({ name, path, at: `/at/${name}` })) }
}

const CASES: readonly (readonly [what: string, of: Medium, layer: boolean, chain: string, removed: string, texts: Readonly<Record<string, string>>])[] = [
  ['casper, one image: the same name', on(shelf('casper', 'filesystem.squashfs', 'filesystem.squashfs.gpg', 'filesystem.size'), grub('/casper/vmlinuz quiet')), false, 'filesystem.squashfs', '/casper/filesystem.squashfs.gpg', {}],
  ['casper, one image: on top by its name', on(shelf('casper', 'filesystem.squashfs'), grub('/casper/vmlinuz quiet')), true, 'zz-changes.squashfs filesystem.squashfs', '', {}],
  ['casper, once more on top', on(shelf('casper', 'filesystem.squashfs', 'zz-changes.squashfs'), grub('/casper/vmlinuz')), true, 'zz-changes02.squashfs zz-changes.squashfs filesystem.squashfs', '', {}],
  ['casper, a name that is last already', on(shelf('casper', 'zzz.squashfs'), grub('/casper/vmlinuz')), true, 'zzzz.squashfs zzz.squashfs', '', {}],
  ['layerfs-path: a further part of the name', on(CHAIN, grub('/casper/vmlinuz layerfs-path=minimal.standard.live.squashfs quiet')), true, 'minimal.standard.live.changes.squashfs minimal.standard.live.squashfs minimal.standard.squashfs minimal.squashfs', '', grub('/casper/vmlinuz layerfs-path=minimal.standard.live.changes.squashfs quiet')],
  ['LAYERFS_PATH in the initrd cannot change: the boot line says it', on(CHAIN, grub('/casper/vmlinuz --- quiet', '/boot/memtest.bin'), IN_INITRD), true, 'minimal.standard.live.changes.squashfs minimal.standard.live.squashfs minimal.standard.squashfs minimal.squashfs', '', grub('/casper/vmlinuz layerfs-path=minimal.standard.live.changes.squashfs --- quiet', '/boot/memtest.bin')],
  ['a chain becomes its lowest name, which needs no other', on(CHAIN, grub('/casper/vmlinuz layerfs-path=minimal.standard.live.squashfs'), SOURCES), false, 'minimal.squashfs', '/casper/minimal.de.squashfs /casper/minimal.standard.live.manifest /casper/minimal.standard.live.squashfs /casper/minimal.standard.squashfs /casper/minimal.standard.squashfs.gpg', { ...grub('/casper/vmlinuz layerfs-path=minimal.squashfs'), '/casper/install-sources.yaml': '- path: minimal.squashfs\n  type: fsimage\n' }],
  ['a chain of which the initrd tells', on(CHAIN, grub('/casper/vmlinuz'), IN_INITRD), false, 'minimal.squashfs', '/casper/minimal.de.squashfs /casper/minimal.standard.live.manifest /casper/minimal.standard.live.squashfs /casper/minimal.standard.squashfs /casper/minimal.standard.squashfs.gpg', grub('/casper/vmlinuz layerfs-path=minimal.squashfs')],
  ['another entry keeps its own layer', on(CHAIN, grub('/casper/vmlinuz layerfs-path=minimal.standard.live.squashfs', '/casper/vmlinuz layerfs-path=minimal.standard.squashfs')), true, 'minimal.standard.live.changes.squashfs minimal.standard.live.squashfs minimal.standard.squashfs minimal.squashfs', '', grub('/casper/vmlinuz layerfs-path=minimal.standard.live.changes.squashfs', '/casper/vmlinuz layerfs-path=minimal.standard.squashfs')],
  ['casper with everything stacked becomes one', on(shelf('casper', 'a.squashfs', 'filesystem.squashfs', 'z.ext2'), grub('/casper/vmlinuz')), false, 'filesystem.squashfs', '/casper/a.squashfs /casper/z.ext2', {}],
  ['live-boot: on top by its name', on(shelf('live', 'filesystem.squashfs'), grub('/live/vmlinuz boot=live')), true, 'zz-changes.squashfs filesystem.squashfs', '', {}],
  ['live-boot with a list: last in it', on(shelf('live', 'z.squashfs', 'a.squashfs'), grub('/live/vmlinuz boot=live'), { '/live/filesystem.module': 'z.squashfs a.squashfs' }), true, 'zz-changes.squashfs a.squashfs z.squashfs', '', { '/live/filesystem.module': 'z.squashfs\na.squashfs\nzz-changes.squashfs\n' }],
  ['live-boot with a list: alone in it', on(shelf('live', 'z.squashfs', 'a.squashfs', 'unlisted.squashfs'), grub('/live/vmlinuz boot=live'), { '/live/filesystem.module': 'z.squashfs a.squashfs' }), false, 'z.squashfs', '/live/a.squashfs', { '/live/filesystem.module': 'z.squashfs\n' }],
  ['live-boot: checksums of verity are of another image', on(shelf('live', 'filesystem.squashfs', 'filesystem.squashfs.verity', 'filesystem.squashfs.roothash'), grub('/live/vmlinuz boot=live')), false, 'filesystem.squashfs', '/live/filesystem.squashfs.roothash /live/filesystem.squashfs.verity', {}],
  ['no boot menu at all', medium(shelf('live', '1.squashfs', '2.squashfs')), false, '1.squashfs', '/live/2.squashfs', {}],
  ['isolinux', on(shelf('casper', 'a.squashfs', 'a.b.squashfs'), IN_INITRD_AB(), { '/isolinux/isolinux.cfg': 'label live\n  kernel /casper/vmlinuz\n  append initrd=/casper/initrd quiet\n' }), true, 'a.b.changes.squashfs a.b.squashfs a.squashfs', '', { '/isolinux/isolinux.cfg': 'label live\n  kernel /casper/vmlinuz\n  append layerfs-path=a.b.changes.squashfs initrd=/casper/initrd quiet\n' }],
]

function IN_INITRD_AB(): Record<string, string> {
  return { '/casper/initrd/conf/conf.d/default-layer.conf': 'LAYERFS_PATH=a.b.squashfs\n' }
}

describe('a medium', () => {
  it.each(CASES)('%s', (_, of, layer, chain, removed, texts) => {
    const edit = planPack(of, liveOf(of), layer)
    expect({ chain: edit.chain.join(' '), removed: edit.removed.join(' '), texts: edit.texts }).toEqual({ chain, removed, texts })
    expect(planLive(edited(of, edit.image, edit.removed, edit.texts)).layers.map(({ name }) => name).join(' ')).toBe(chain)
  })

  it('counts what is counted', () => {
    const of = on(shelf('casper', 'filesystem.squashfs', 'filesystem.size', 'filesystem.manifest'), grub('/casper/vmlinuz'))
    expect(planPack(of, liveOf(of), false)).toMatchObject({ sizes: ['/casper/filesystem.size'], manifests: ['/casper/filesystem.manifest'] })
    const chain = on(CHAIN, grub('/casper/vmlinuz layerfs-path=minimal.standard.live.squashfs'))
    expect(planPack(chain, liveOf(chain), true)).toMatchObject({ sizes: [], manifests: ['/casper/minimal.standard.live.changes.manifest'] })
    expect(planPack(chain, liveOf(chain), false)).toMatchObject({ sizes: ['/casper/minimal.size'], manifests: [] })
  })

  it('mounted for another boot line than the menu has', () => {
    const of = on(CHAIN, grub('/casper/vmlinuz layerfs-path=minimal.standard.live.squashfs'))
    const edit = planPack(of, liveOf(of, 'layerfs-path=minimal.de.squashfs quiet'), true)
    expect([edit.chain.join(' '), edit.texts, edit.cmdline]).toEqual(['minimal.de.changes.squashfs minimal.de.squashfs minimal.squashfs', {}, 'layerfs-path=minimal.de.changes.squashfs quiet'])
  })

  it.each([
    ['images alone', images('/x/a.squashfs'), undefined, false, 'usage'],
    ['a system whose order is not known', medium(['/LiveOS/squashfs.img']), undefined, true, 'live-stacks-everything'],
    ['a boot line that copies one image alone', on(shelf('live', 'filesystem.squashfs'), grub('/live/vmlinuz boot=live toram=filesystem.squashfs')), undefined, true, 'live-stacks-everything'],
    ['a directory on top of all images', on([...shelf('casper', 'filesystem.squashfs'), '/casper/x.dir'], grub('/casper/vmlinuz')), undefined, true, 'live-stacks-everything'],
  ] as const)('refuses %s', (_, of, cmdline, layer, code) => {
    try {
      planPack(of, liveOf(of, cmdline), layer)
      expect.unreachable()
    } catch (error) {
      expect(isOvlError(error) && error.code).toBe(code)
    }
  })

  it('says where a layer goes', () => {
    const chain = on(CHAIN, grub('/casper/vmlinuz layerfs-path=minimal.standard.live.squashfs'))
    expect(placeOf(planPack(chain, liveOf(chain), true), '/tmp/my layer.squashfs')).toBe("Copy 'my layer.squashfs' to /casper/minimal.standard.live.changes.squashfs of the medium, and say layerfs-path=minimal.standard.live.changes.squashfs on the boot line.")
    const list = on(shelf('live', 'a.squashfs'), grub('/live/vmlinuz boot=live'), { '/live/filesystem.module': 'a.squashfs\n' })
    expect(placeOf(planPack(list, liveOf(list), true), 'l.squashfs')).toBe('Copy l.squashfs to /live/zz-changes.squashfs of the medium, and name it last in /live/filesystem.module.')
  })
})

describe('texts', () => {
  it('layerfs-path', () => {
    expect(renameLayerPaths('a layerfs-path=x.squashfs" xlayerfs-path=x.squashfs layerfs-path=/cdrom/casper/y.squashfs', 'n.squashfs', () => true)).toBe('a layerfs-path=n.squashfs" xlayerfs-path=x.squashfs layerfs-path=/cdrom/casper/n.squashfs')
    expect(addLayerPath('linuxefi /casper/vmlinuz  a\n linux /boot/memtest\noptions boot=casper x\n', 'n')).toBe('linuxefi /casper/vmlinuz layerfs-path=n  a\n linux /boot/memtest\noptions layerfs-path=n boot=casper x\n')
  })

  it('install-sources.yaml', () => {
    expect(renameSources("- path: 'a.squashfs'\n  type: fsimage-layered\n- path: b.squashfs\n", new Set(['a.squashfs']), 'n.squashfs', true)).toBe("- path: 'n.squashfs'\n  type: fsimage\n- path: b.squashfs\n")
    expect(renameSources('- path: a.squashfs\n  type: fsimage-layered\n', new Set(['b.squashfs']), 'n.squashfs', true)).toBe('- path: a.squashfs\n  type: fsimage-layered\n')
  })

  it('md5sum.txt: changed lines only, those that are gone, those that are new', () => {
    const sum = (digit: string): string => digit.repeat(32)
    const before = `${sum('1')}  ./casper/a\n${sum('2')} *b c\n# by hand\n${sum('3')}  ./gone\n`
    expect(renewSums(before, new Map([['/b c', sum('9')], ['/new', sum('8')]]), ['/gone'])).toBe(`${sum('1')}  ./casper/a\n${sum('9')} *b c\n# by hand\n${sum('8')}  ./new\n`)
  })

  it('filesystem.manifest', () => {
    const status = 'Package: zlib\nStatus: install ok installed\nMulti-Arch: same\nArchitecture: amd64\nVersion: 1:2\nDescription: x\n y: z\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: bash\nStatus: hold ok installed\nArchitecture: amd64\nVersion: 5\n'
    expect(formatManifest(status, '')).toBe('bash\t5\nzlib:amd64\t1:2\n')
    expect(formatManifest(status, 'adduser 3\n')).toBe('bash 5\nzlib:amd64 1:2\n')
  })
})

describe('progress', () => {
  it.each([
    ['\r[====/   ]  12/345   3%', 3],
    ['\r[===] 1/2  50%\r[======] 2/2 100%\n\nExportable', 100],
    ['xorriso : UPDATE : Writing:       1234s   12.3%   fifo  19%  buf  50%\n', 12],
    ['xorriso : UPDATE :  45.67% done, estimate finish\n', 45],
    ['Filesystem size 1 Kbytes', undefined],
  ])('%j', (text, percent) => {
    expect(percentIn(text)).toBe(percent)
  })
})

describe('superblock', () => {
  const superblock = (compressor: number, block: number, options: readonly number[] = []): Buffer => {
    const bytes = Buffer.alloc(256)
    bytes.write('hsqs')
    bytes.writeUInt32LE(block, 12)
    bytes.writeUInt16LE(compressor, 20)
    if (options.length > 0) bytes.writeUInt16LE(0x400, 24)
    bytes.writeUInt16LE(0x8000 | (options.length * 4), 96)
    options.forEach((value, at) => bytes.writeUInt32LE(value, 98 + at * 4))
    return bytes
  }

  it.each([
    ['gzip', superblock(1, 131_072), '-comp gzip -b 131072'],
    ['gzip of another level', superblock(1, 65_536, [6, 0]), '-comp gzip -b 65536 -Xcompression-level 6'],
    ['xz with filters', superblock(4, 1_048_576, [1_048_576, 9]), '-comp xz -b 1048576 -Xbcj x86,arm -Xdict-size 1048576'],
    ['xz without', superblock(4, 131_072, [8192, 0]), '-comp xz -b 131072 -Xdict-size 8192'],
    ['zstd', superblock(6, 131_072, [22]), '-comp zstd -b 131072 -Xcompression-level 22'],
    ['lz4', superblock(5, 131_072, [1, 1]), '-comp lz4 -b 131072 -Xhc'],
    ['one that mksquashfs has no word for', superblock(9, 131_072), ''],
    ['no squashfs', Buffer.alloc(256), ''],
    ['cut short', superblock(1, 131_072).subarray(0, 50), ''],
  ])('%s', (_, bytes, words) => {
    expect(packingOf(bytes).join(' ')).toBe(words)
  })
})
