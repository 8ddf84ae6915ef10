/** What a live system stacks. Beside each case stands the rule it is from: casper(7) and scripts/casper 1.461, live-boot(7) and 9990-overlay.sh 20230131. */

import { describe, expect, it } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { planLive } from '../../../src/live/live-plan.ts'
import type { LivePlan } from '../../../src/live/live-plan.ts'
import type { Medium } from '../../../src/live/medium.ts'
import { images, medium } from './medium.ts'

const stack = ({ layers }: LivePlan): string => layers.map(({ name }) => name.replace(/\.squashfs$/, '')).join(' ')
const codes = ({ findings }: LivePlan): string => findings.map(({ code, severity }) => `${severity} ${code}`).join(', ')
const casper = (...names: string[]): string[] => names.map((name) => `/casper/${name}`)
const live = (...names: string[]): string[] => names.map((name) => `/live/${name}`)
const squashed = (...names: string[]): string[] => names.map((name) => `${name}.squashfs`)

const NOBLE = casper(...squashed('minimal', 'minimal.de', 'minimal.no-languages', 'minimal.standard', 'minimal.standard.de', 'minimal.standard.live', 'minimal.standard.no-languages'), 'minimal.manifest', 'minimal.size', 'initrd', 'vmlinuz')
const LAYERED = '- default: true\n  id: ubuntu-desktop-minimal\n  path: minimal.squashfs\n  type: fsimage-layered\n'
const EVERYTHING = 'minimal.standard minimal.standard.no-languages minimal.standard.live minimal.standard.de minimal minimal.no-languages minimal.de'
const grub = (...lines: string[]): Record<string, string> => ({ '/boot/grub/grub.cfg': lines.map((line, at) => `menuentry "entry ${at}" {\n\tlinux\t${line}\n}\n`).join('') })

/** With what the first bytes of the files say. */
const looked = (names: string[]): Medium => { const all = medium(names); return { ...all, files: all.files.map((file) => (file.path.endsWith('.img') ? { ...file, image: 'unknown' } : file)) } }

const CASES: readonly (readonly [rule: string, of: Medium, cmdline: string | undefined, system: LivePlan['system'], stack: string, codes: string])[] = [
  // casper
  ['one image is the root', medium(casper('filesystem.squashfs')), undefined, 'casper', 'filesystem', ''],
  ['layerfs-path: strip the last .suffix until none is left, each below the one before', medium(NOBLE), 'layerfs-path=minimal.standard.live.squashfs', 'casper', 'minimal.standard.live minimal.standard minimal', 'note live-image-ignored'],
  ['layerfs-path may name any layer', medium(NOBLE), 'layerfs-path=minimal.de.squashfs', 'casper', 'minimal.de minimal', 'note live-image-ignored'],
  ['the last layerfs-path counts', medium(NOBLE), 'layerfs-path=minimal.squashfs quiet layerfs-path=minimal.standard.squashfs', 'casper', 'minimal.standard minimal', 'note live-image-ignored'],
  ['an absolute layerfs-path is one of the booted system, where the medium lies at /cdrom', medium(NOBLE), 'layerfs-path=/cdrom/casper/minimal.standard.squashfs', 'casper', 'minimal.standard minimal', 'note live-image-ignored'],
  ['a missing ancestor stops the boot', medium(casper(...squashed('minimal', 'minimal.standard.live'))), 'layerfs-path=minimal.standard.live.squashfs', 'casper', 'minimal.standard.live minimal', 'error live-layer-missing'],
  ['so does a missing top', medium(casper(...squashed('minimal'))), 'layerfs-path=minimal.x.squashfs', 'casper', 'minimal', 'error live-layer-missing'],
  ['LAYERFS_PATH of default-layer.conf counts as layerfs-path', medium(NOBLE, { '/casper/initrd/conf/conf.d/default-layer.conf': 'LAYERFS_PATH=minimal.standard.live.squashfs\n' }), undefined, 'casper', 'minimal.standard.live minimal.standard minimal', 'note live-image-ignored'],
  ['LAYERFS_PATH of casper.conf, exported and quoted', medium(NOBLE, { '/etc/casper.conf': 'export USERNAME="u"\nexport LAYERFS_PATH="minimal.standard.squashfs"\n' }), undefined, 'casper', 'minimal.standard minimal', 'note live-image-ignored'],
  ['the boot line wins over the file', medium(NOBLE, { '/casper/default-layer.conf': 'LAYERFS_PATH=minimal.squashfs\n' }), 'layerfs-path=minimal.de.squashfs', 'casper', 'minimal.de minimal', 'note live-image-ignored'],
  ['without it: every *.squashfs by name, the last on top', medium(NOBLE), undefined, 'casper', EVERYTHING, 'warning live-stacks-everything'],
  ['a medium that says fsimage-layered has its layerfs-path in the initrd: the only .live chain is taken, and doubted', medium(NOBLE, { '/casper/install-sources.yaml': LAYERED }), undefined, 'casper', 'minimal.standard.live minimal.standard minimal', 'warning live-stacks-everything, note live-image-ignored'],
  ['all *.ext2, then *.squashfs, then *.dir; a later one covers', medium(casper('a.dir/', 'b.squashfs', 'z.ext2', 'c.squashfs')), undefined, 'casper', 'a.dir c b z.ext2', 'warning live-stacks-everything'],
  ['ltsp.squashfs and server.squashfs are left out', medium(casper(...squashed('filesystem', 'ltsp', 'server'))), undefined, 'casper', 'filesystem', 'note live-image-ignored'],
  ['an ending is matched whole, and hidden names are not', medium(casper('filesystem.squashfs', 'filesystem.squashfs-generic', '.old.squashfs')), undefined, 'casper', 'filesystem', 'note live-image-ignored'],
  ['live-media-path names the directory', medium([...NOBLE, '/remix/filesystem.squashfs']), 'boot=casper live-media-path=/remix', 'casper', 'filesystem', ''],
  // live-boot
  ['one image is the root', medium(live('filesystem.squashfs')), undefined, 'live-boot', 'filesystem', ''],
  ['an initrd.img beside it is no image', looked(live('filesystem.squashfs', 'initrd.img', 'vmlinuz')), undefined, 'live-boot', 'filesystem', ''],
  ['all images, sorted by name, the last on top', medium(live('10-b.squashfs', '05-a.squashfs', 'filesystem.squashfs')), undefined, 'live-boot', 'filesystem 10-b 05-a', ''],
  ['the kind of image plays no part in the order', medium(live('c.ext4', 'a.squashfs', 'b.dir/', 'd.xfs', 'e.jffs2', 'f.ext3', 'g.btrfs')), undefined, 'live-boot', 'f.ext3 e.jffs2 d.xfs c.ext4 b.dir a', 'note live-image-ignored'],
  ['filesystem.module lists them, the last on top', medium(live(...squashed('a', 'b', 'c')), { '/live/filesystem.module': 'c.squashfs\na.squashfs\n' }), undefined, 'live-boot', 'a c', 'note live-image-ignored'],
  ['module= chooses the list', medium(live(...squashed('a', 'b')), { '/live/other.module': 'b.squashfs a.squashfs', '/live/filesystem.module': 'a.squashfs' }), 'module=other', 'live-boot', 'a b', ''],
  ['filesystem.MODULE.module comes before MODULE.module', medium(live(...squashed('a', 'b')), { '/live/other.module': 'a.squashfs', '/live/filesystem.other.module': 'b.squashfs' }), 'boot=live module=other', 'live-boot', 'b', 'note live-image-ignored'],
  ['without the list that module= names, all are sorted', medium(live(...squashed('a', 'b'))), 'module=none', 'live-boot', 'b a', ''],
  ['a listed image that is not there is passed over', medium(live('a.squashfs'), { '/live/filesystem.module': 'a.squashfs gone.squashfs\n' }), undefined, 'live-boot', 'a', 'warning live-layer-missing'],
  ['toram=IMAGE mounts that one alone', medium(live(...squashed('a', 'b'))), 'boot=live toram=a.squashfs', 'live-boot', 'a', 'note live-image-ignored'],
  ['toram=IMAGE that is not there changes nothing', medium(live(...squashed('a', 'b'))), 'boot=live toram=x', 'live-boot', 'b a', 'warning live-layer-missing'],
  ['the union of persistence takes the first name for the top', medium(live(...squashed('a', 'b'))), 'boot=live persistence', 'live-boot', 'b a', 'warning live-order-reversed'],
  ['which one image does not feel', medium(live('a.squashfs')), 'boot=live persistence', 'live-boot', 'a', ''],
  // which system it is
  ['boot= decides', medium([...live('l.squashfs'), ...casper('c.squashfs')]), 'boot=live', 'live-boot', 'l', ''],
  ['else the kernel of the entry', medium([...live('l.squashfs'), ...casper('c.squashfs')], grub('/live/vmlinuz quiet')), undefined, 'live-boot', 'l', ''],
  ['an installer as default entry is not asked', medium(live(...squashed('a', 'b')), { ...grub('/install.amd/vmlinuz vga=788', '/live/vmlinuz boot=live module=m'), '/live/m.module': 'a.squashfs' }), undefined, 'live-boot', 'a', 'note live-image-ignored'],
  ['dracut', medium(['/LiveOS/squashfs.img', '/images/efiboot.img']), undefined, 'plain', 'squashfs.img', ''],
  ['archiso', medium(['/arch/x86_64/airootfs.sfs', '/arch/boot/x86_64/vmlinuz-linux']), undefined, 'plain', 'airootfs.sfs', ''],
  ['whatever squashfs there is', medium(['/x/y/root.squashfs']), undefined, 'plain', 'root', ''],
  // bare images
  ['one', images('filesystem.squashfs'), undefined, 'plain', 'filesystem', ''],
  ['a whole chain is stacked as casper would', images(...squashed('a.b', 'a', 'a.b.live')), undefined, 'casper', 'a.b.live a.b a', ''],
  ['others by name, as both systems would', images('b.squashfs', 'a.squashfs', 'c.erofs'), undefined, 'plain', 'c.erofs b a', 'warning live-stacks-everything'],
  ['layerfs-path chooses among them', images(...squashed('a', 'a.b', 'a.c')), 'layerfs-path=a.c.squashfs', 'casper', 'a.c a', 'note live-image-ignored'],
  ['boot=live sorts them', images(...squashed('2', '10')), 'boot=live', 'live-boot', '2 10', ''],
]

describe.each(['casper', 'live-boot', 'plain'])('%s', (system) => {
  it.each(CASES.filter(([, , , expected]) => expected === system))('%s', (_rule, of, cmdline, expected, layers, found) => {
    const plan = planLive(of, cmdline === undefined ? {} : { cmdline })
    expect({ system: plan.system, stack: stack(plan), codes: codes(plan) }).toEqual({ system: expected, stack: layers, codes: found })
  })
})

it('says what each layer is for', () => {
  const roles = (plan: LivePlan): string[] => plan.layers.map(({ role }) => role)
  expect(roles(planLive(medium(NOBLE), { cmdline: 'layerfs-path=minimal.standard.live.squashfs' }))).toEqual(['live', 'layer', 'base'])
  expect(roles(planLive(medium(NOBLE)))).toEqual(['layer', 'language', 'live', 'language', 'base', 'language', 'language'])
  expect(roles(planLive(medium(live(...squashed('a', 'b')))))).toEqual(['module', 'base'])
})

it('names all that is missing, and who wants it', () => {
  const [finding] = planLive(medium(casper('a.b.c.squashfs')), { cmdline: 'layerfs-path=a.b.c.squashfs' }).findings
  expect(finding?.title).toBe("'/casper/a.b.squashfs' and '/casper/a.squashfs' are missing: casper stops the boot")
  expect(finding?.evidence[0]?.fact).toContain('layerfs-path= of the boot line is a.b.c.squashfs')
})

it.each<[cmdline: string, of: Medium, expected: Partial<LivePlan>]>([
  ['', medium(casper('f.squashfs')), { mountOptions: [], layerMountOptions: ['ro', 'noatime'], source: '/cow', cow: { kind: 'tmpfs' }, toram: false }],
  ['persistent', medium(casper('f.squashfs')), { cow: { kind: 'persistent', labels: ['writable', 'casper-rw'], home: 'home-rw' } }],
  ['persistent persistent-path=/p', medium(casper('f.squashfs')), { cow: { kind: 'persistent', labels: ['writable', 'casper-rw'], home: 'home-rw', path: '/p' } }],
  ['persistent nopersistent', medium(casper('f.squashfs')), { cow: { kind: 'tmpfs' } }],
  ['nopersistent persistent toram', medium(casper('f.squashfs')), { cow: { kind: 'tmpfs' }, toram: true }],
  ['', medium(live('f.squashfs')), { mountOptions: ['noatime', 'redirect_dir=on'], layerMountOptions: ['ro', 'noatime'], source: 'overlay', cow: { kind: 'tmpfs', size: '50%' }, toram: false }],
  ['overlay-size=2G toram', medium(live('f.squashfs')), { cow: { kind: 'tmpfs', size: '2G' }, toram: true }],
  ['toram=f.squashfs', medium(live('f.squashfs')), { toram: 'f.squashfs' }],
  ['persistence persistence-label=a,b persistence-read-only persistence-path=/p persistence-storage=file', medium(live('f.squashfs')), { cow: { kind: 'persistent', labels: ['a', 'b'], storage: ['file'], encryption: ['none'], path: '/p', readOnly: true, size: '50%' } }],
  ['persistence nopersistence', medium(live('f.squashfs')), { cow: { kind: 'tmpfs', size: '50%' } }],
])('mounts as the live system does: %s', (cmdline, of, expected) => {
  expect(planLive(of, { cmdline })).toMatchObject(expected)
})

it('tells a damaged image', () => {
  const damaged = medium(casper('f.squashfs'))
  const files = damaged.files.map((file) => (file.path === '/casper/f.squashfs' ? { ...file, cutShort: true as const } : file))
  expect(codes(planLive({ ...damaged, files }))).toBe('error image-unreadable')
})

it.each<[what: string, of: Medium, cmdline: string, says: RegExp]>([
  ['an empty medium', medium([]), '', /It is empty\./],
  ['another medium', medium(['/boot/vmlinuz', '/README', '/pool/']), '', /At its top there are README, boot\/, pool\/\./],
  ['a tree too large, with images somewhere', medium(['/tmp/x/filesystem.squashfs'], {}, { incomplete: true }), '', /At its top there are tmp\//],
  ['an image where none belongs', medium(['/a/b/c/d/filesystem.squashfs']), '', /At its top there are a\//],
  ['a wrong live-media-path', medium(live('f.squashfs')), 'boot=live live-media-path=x', /At its top there are live\//],
  ['a wrong live-media-path in a line that names no system', medium(live('f.squashfs')), 'live-media-path=x', /At its top there are live\//],
])('finds no live system: %s', (_what, of, cmdline, says) => {
  const error: unknown = (() => {
    try {
      return planLive(of, { cmdline })
    } catch (thrown) {
      return thrown
    }
  })()
  if (!isOvlError(error)) throw new Error('nothing was thrown')
  expect(error.code).toBe('live-not-found')
  expect(error.details.hint).toMatch(says)
})
