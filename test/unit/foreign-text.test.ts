/** Every reader of foreign text, fed with long runs of what its patterns are made of: none takes longer than a moment. */

import { expect, test } from 'vitest'
import { isOvlError } from '../../src/errors/ovl-error.ts'
import { escapeText } from '../../src/cli/output/escape.ts'
import { readSentence } from '../../src/diagnose/kernel-words.ts'
import { judgeMessage } from '../../src/diagnose/messages/judge.ts'
import { entriesOf, parseFstab } from '../../src/fstab/file.ts'
import { parseFindmnt } from '../../src/fstab/lint/findmnt.ts'
import { judgeFstab } from '../../src/fstab/lint/lint.ts'
import { meantBy, overlayKind } from '../../src/fstab/overlay-line.ts'
import { parseKernelConfig } from '../../src/host/facts/system.ts'
import { percentIn } from '../../src/host/pack-tree.ts'
import { parseBootEntries } from '../../src/live/boot-entries.ts'
import { unionsInside } from '../../src/live/keep.ts'
import { parseKernelVersion } from '../../src/live/kernel.ts'
import { planLive } from '../../src/live/live-plan.ts'
import { addLayerPath, formatManifest, renameLayerPaths, renameSources, renewSums } from '../../src/live/pack-texts.ts'
import { parsePersistence } from '../../src/live/persistence.ts'
import { decodeOverlays } from '../../src/mounts/decode.ts'
import { parseFuseCommand } from '../../src/mounts/fuse-overlayfs.ts'
import { dockerContainer } from '../../src/mounts/identity.ts'
import { parseMountinfo } from '../../src/mounts/mountinfo.ts'
import { unescapeOctal } from '../../src/mounts/octal.ts'
import { storePlace } from '../../src/mounts/store-path.ts'
import { absolutePath, tidyPath } from '../../src/names/path.ts'
import { quoteShell } from '../../src/names/shell.ts'
import { readHelperWords } from '../../src/overlay/helper-options.ts'
import { parseIdmap } from '../../src/overlay/idmap.ts'
import { parseLowerdir } from '../../src/overlay/lowerdir.ts'
import { parseMountOptions } from '../../src/overlay/mount-options.ts'
import { medium } from './live/medium.ts'

interface Reader {
  readonly read: (text: string) => unknown
  /** Words of the format that a run may begin with, or consist of. */
  readonly words?: readonly string[]
}

const unknown = { known: false, why: 'not asked' } as const
const lintFstab = (text: string): unknown => judgeFstab({ file: '/etc/fstab', parsed: parseFstab(text), paths: [], joined: [], systemd: unknown, rootType: unknown, programs: { 'mount.ovl': unknown, node: unknown, 'fuse-overlayfs': unknown }, mountVersion: unknown, findmnt: [] })
const onMedium = (path: string) => (text: string): unknown => planLive(medium(['/casper/a.squashfs', '/casper/b.squashfs', '/live/filesystem.squashfs'], { [path]: text }))
const GRUB = ['menuentry "a" {', 'submenu "a" {', 'set a=', 'set default="', 'linux /casper/vmlinuz ', 'initrd ', '${', '$a', 'if [ ', "'", '"\\', '}\n{\n', 'source /boot/grub/grub.cfg\n', '--id ', 'layerfs-path=']
const SYSLINUX = ['label a\n', 'kernel /casper/vmlinuz\n', 'append ', 'append initrd=', 'include ', 'menu label ', 'menu default\n', 'default ', 'say ', 'text help\n', 'timeout ', 'initrd=a,', '^']
const YAML = ['path: ', '- path: ', 'path: "', 'type: ', 'type: fsimage-layered', 'a.squashfs\n', '- ']
const MESSAGE = [
  'mount: ', 'mount: /m: ', 'overlayfs: ', 'overlay: ', "failed to resolve '", 'lowerdir=', 'upperdir=', 'workdir=', '-o lowerdir=', 'error: ', 'Error response from daemon: ', 'unknown mount option ', 'wrong fs type, bad option, bad superblock on ',
  'time="', 'level=error msg="', '[  ', '\x1b[', 'fuse: ', 'mount -t overlay ', 'sudo ', '# ', '$ ', 'exit status 32', 'Apr 01 00:00:00 host kernel: ', '(errno 22)', 'No such file or directory', 'rename ', 'chroot: ', 'mkdir ', 'at /', "'/", '"/', '`', ': ', 'overlay(', 'errno: ',
]
const MOUNTINFO = ['36 35 98:0 / ', ' - overlay overlay rw,lowerdir=', '36 35 98:0 / /m rw shared:1 ', '36 35 98:0 / /m rw - overlay overlay ', '\\040', '\\134:', ',lowerdir+=', 'lowerdir=', 'upperdir=']
const FSTAB = ['overlay /m overlay ', 'overlay /m overlay lowerdir=', 'overlay /m overlay defaults,', 'ovl /m ovl ', '\\040', 'x-systemd.requires=', 'lowerdir=/a,', 'UUID=', 'noauto,', '"', 'overlay /m overlay lowerdir=/a,lowerdir=/b\n', 'overlay /m overlay defaults 0 0\n']
const PACKAGE = ['Package: a\n', 'Status: install ok installed\n', 'Version: ', 'Status: ']

const READERS: Readonly<Record<string, Reader>> = {
  'a message': { read: judgeMessage, words: MESSAGE },
  'a line of the kernel log': { read: readSentence, words: MESSAGE },
  'a grub.cfg': { read: onMedium('/boot/grub/grub.cfg'), words: GRUB },
  'an isolinux.cfg': { read: onMedium('/isolinux/isolinux.cfg'), words: SYSLINUX },
  'the menus together': { read: (text) => parseBootEntries(Object.fromEntries(Array.from({ length: 3 }, (_, at) => [`/efi/${at}/grub.cfg`, text]))), words: GRUB },
  'a .module list': { read: onMedium('/live/filesystem.module'), words: ['filesystem.squashfs ', 'a '] },
  'a default-layer.conf': { read: onMedium('/casper/default-layer.conf'), words: ['LAYERFS_PATH=', 'export LAYERFS_PATH=', 'LAYERFS_PATH="', 'export '] },
  'an install-sources.yaml': { read: onMedium('/casper/install-sources.yaml'), words: YAML },
  'a .disk/info': { read: onMedium('/.disk/info') },
  'install-sources.yaml, renamed': { read: (text) => renameSources(text, new Set(['a.squashfs']), 'b.squashfs', true), words: YAML },
  'a list of checksums': { read: (text) => renewSums(text, new Map([['/a', '0'.repeat(32)]]), ['/b']), words: [`${'0'.repeat(32)}  ./a\n`, `${'0'.repeat(32)} `, 'a', './'] },
  'a manifest': { read: (text) => formatManifest(text, text), words: PACKAGE },
  'boot lines, renamed': { read: (text) => renameLayerPaths(text, 'b.squashfs', () => true), words: [...GRUB, ...SYSLINUX] },
  'boot lines, added to': { read: (text) => addLayerPath(text, 'b.squashfs'), words: [...GRUB, ...SYSLINUX, '/casper/', 'boot=casper '] },
  'a persistence.conf': { read: parsePersistence, words: ['/home bind\n', '/ union\n', '/a source=', '/a union,source=b\n', '/a link,'] },
  'the unions of one': { read: unionsInside, words: ['/home bind\n', '/ union\n', '/a union,source=b\n'] },
  'a kernel': { read: (text) => parseKernelVersion(Buffer.from(text, 'latin1')), words: ['HdrS', 'Linux version '] },
  'a mount table': { read: (text) => decodeOverlays(parseMountinfo(Buffer.from(text)).mounts), words: MOUNTINFO },
  'options of a mount table': { read: (text) => decodeOverlays(parseMountinfo(Buffer.from(`36 35 98:0 / /m rw - overlay overlay rw,${text}`)).mounts), words: MOUNTINFO },
  'an escaped name': { read: unescapeOctal, words: ['\\040', '\\'] },
  'an fstab': { read: lintFstab, words: FSTAB },
  'an fstab, read': { read: (text) => entriesOf(parseFstab(text)).map((entry) => meantBy(entry, overlayKind(entry) ?? 'kernel')), words: FSTAB },
  'what findmnt says': { read: (text) => parseFindmnt(text, text), words: ['/m\n', '   [E] ', '   [W] ', '0 parse errors'] },
  'what the kernel was built with': { read: parseKernelConfig, words: ['CONFIG_OVERLAY_FS=', '# CONFIG_OVERLAY_FS', 'CONFIG_OVERLAY_FS_'] },
  'progress of a program': { read: percentIn, words: ['1%', '1.', '%'] },
  'the path of a layer': { read: (text) => storePlace(`/${text}`), words: ['/overlay2/', '/overlay/', '/io.containerd.snapshotter.v1.', '/snapshots/snapshots/', '/overlay2/l/'] },
  'a container': { read: dockerContainer, words: ['[', '{"a":'] },
  'a command line of fuse-overlayfs': { read: (text) => parseFuseCommand(['fuse-overlayfs', '-o', text, '/m']), words: ['lowerdir=', ',upperdir=', '\\:'] },
  'options of mount(8)': { read: parseMountOptions, words: ['lowerdir=', 'X-mount.', 'x-a="', 'context="', '\\,', 'rw,', 'lowerdir=a,'] },
  'options of the mount helper': { read: (text) => readHelperWords('overlay', '/m', [text]), words: ['lowerdir=', 'ovl.', 'size=', 'rw,'] },
  'a lowerdir': { read: parseLowerdir, words: ['/a:', '::', '\\:', '/a::/b'] },
  'an idmap': { read: parseIdmap, words: ['u:0:', '0:0:1 ', 'b:'] },
  'a path': { read: (text) => tidyPath(absolutePath(text, '/a')), words: ['../', './', 'a/'] },
  'a word for the shell': { read: quoteShell },
  'a text for a terminal': { read: escapeText },
}

const RUNS = ['\n', ' ', '\t', ' \n', '\n ', '\r', '\r\n', '\\', '\\\\', "'", '"', ':', ': ', ',', ', ', '/', '/a', '//', '0', '9', 'a', 'A', 'a ', '.', '..', '-', '_', '=', 'a=', '(', ')', '()', '[', ']', '{', '}', '{}', '<', '#', '#\n', '%', '$', '*', '\0', '\x1b[', 'é', '\udc80', 'a\n', 'a:', 'a,', '0 ', '0\n', ' a\n', '  a', 'a.b', '\\n', '`']
/** Behind a word there are many more to try, so that they are shorter. What takes its time by the square of them is still far beyond the bound. */
const LENGTHS = { alone: 64 * 1024, behind: 16 * 1024 }
const BEHIND = ['\n', ' ', '\t', '\\', '"', "'", ':', ',', '/', '.', '0', 'a', 'a ', 'a,', 'a:', '=', '{', '\r\n', '()', '-']
/** A slow machine reads the slowest of them in a fifth of this. */
const BOUND_MS = 4000

/** Runs of one piece, and those behind a word; with an end that no pattern expects. */
function* textsFor(words: readonly string[]): Generator<readonly [what: string, text: string]> {
  const fill = (piece: string, length: number): string => piece.repeat(Math.ceil(length / piece.length))
  for (const run of [...RUNS, ...words]) yield [JSON.stringify(run), `${fill(run, LENGTHS.alone)}\u0001`]
  for (const word of words) for (const run of BEHIND) yield [`${JSON.stringify(word)} and ${JSON.stringify(run)}`, `${word}${fill(run, LENGTHS.behind)}\u0001`]
}

test.each(Object.entries(READERS))('%s', (_, { read, words = [] }) => {
  const slow: string[] = []
  for (const [what, text] of textsFor(words)) {
    const begun = performance.now()
    try {
      read(text)
    } catch (error) {
      // Refused is fine, too.
      if (!isOvlError(error)) throw error
    }
    const took = performance.now() - begun
    if (took > BOUND_MS) slow.push(`${what}: ${Math.round(took)} ms`)
  }
  expect(slow).toEqual([])
})

test('a file with more lines than any fstab has is refused by name', () => {
  expect(() => lintFstab('overlay /m overlay lowerdir=/a,lowerdir=/b\n'.repeat(5000))).toThrow("'/etc/fstab' has 5000 lines")
  expect(parseFstab(`overlay /m overlay ${'a,'.repeat(5000)}`).lines[0]).toMatchObject({ kind: 'malformed', why: 'it has 5001 options, and no mount takes more than 1200' })
  expect(parsePersistence('/home bind\n'.repeat(5000)).findings).toMatchObject([{ code: 'persistence-unusable' }])
})
