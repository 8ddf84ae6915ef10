/** Every sentence of overlay, in the wordings of its kernels, with the prefixes of either log. */

import { expect, test } from 'vitest'
import type { FindingCode } from '../../../src/errors/codes.ts'
import { KERNEL_SENTENCES } from '../../../src/diagnose/kernel-sentences.ts'
import { canEndIn, readSentence } from '../../../src/diagnose/kernel-words.ts'

type Row = readonly [line: string, code: FindingCode, groups?: Readonly<Record<string, string>>]
const whole = ([line, code, groups = {}]: Row): { line: string; code: FindingCode; groups: Readonly<Record<string, string>> } => ({ line, code, groups })

const REFUSALS: readonly Row[] = [
  ["overlayfs: failed to resolve '/a b': -2", 'lower-missing', { path: '/a b' }],
  ["overlayfs: failed to resolve '/it's: -2': -2", 'lower-missing', { path: "/it's: -2" }],
  ["overlayfs: failed to resolve '/x': -36", 'lower-missing', { path: '/x' }],
  ["overlayfs: failed to resolve '/f/l': -20", 'layer-not-directory', { path: '/f/l' }],
  ["overlayfs: failed to resolve '/loop': -40", 'symlink-loop', { path: '/loop' }],
  ["overlayfs: failed to resolve '/root/l': -13", 'path-unreadable', { path: '/root/l' }],
  ['overlay: /f is not a directory', 'layer-not-directory', { path: '/f' }],
  ['e overlay: /f is not a directory', 'layer-not-directory', { path: '/f' }],
  ["overlayfs: '/dev/loop18' not a directory", 'layer-not-directory', { path: '/dev/loop18' }],
  ['overlay: filesystem on /o/u not supported as upperdir', 'upper-on-overlay', { path: '/o/u' }],
  ["overlayfs: filesystem on '/o/u' not supported as upperdir", 'upper-on-overlay', { path: '/o/u' }],
  ['overlay: filesystem on /r/u is read-only', 'upper-read-only', { path: '/r/u' }],
  ['overlayfs: upper fs is r/o, try multi-lower layers mount', 'upper-read-only'],
  ["overlayfs: filesystem on '/fat' not supported", 'lower-unsupported', { path: '/fat' }],
  ['overlay: filesystem on /auto not supported', 'lower-unsupported', { path: '/auto' }],
  ['overlay: case-insensitive directory on /c is inconsistent', 'casefold-mismatch', { path: '/c' }],
  ['overlay: case-sensitive directory on /c is inconsistent', 'casefold-mismatch', { path: '/c' }],
  ['overlay: case-insensitive capable filesystem on /var/lib/docker/l not supported', 'casefold-mismatch', { path: '/var/lib/docker/l' }],
  ['overlayfs: upper fs missing required features.', 'upper-unsupported'],
  ['overlayfs: Cannot mount volatile when upperdir has an unseen error. Sync upperdir fs to clear state.', 'upper-unsupported'],
  ['overlayfs: idmapped layers are currently not supported', 'idmap-unsupported'],
  ["overlayfs: missing 'lowerdir'", 'lowerdir-required'],
  ['overlayfs: missing upperdir or lowerdir or workdir', 'lowerdir-required'],
  ['overlayfs: at least one non-data lowerdir is required', 'lowerdir-required'],
  ["overlayfs: missing 'workdir'", 'work-required'],
  ['overlayfs: at least 2 lowerdir are needed while upperdir nonexistent', 'single-lower-without-upper'],
  ['overlayfs: too many lower directories, limit is 500', 'too-many-layers'],
  ['overlayfs: unescaped trailing colons in lowerdir mount option.', 'option-syntax'],
  ['overlayfs: cannot append lower layer', 'option-syntax'],
  ["overlayfs: only single ':' or double '::' sequences of unescaped colons in lowerdir mount option allowed.", 'option-syntax'],
  ['overlayfs: regular lower layers cannot follow data lower layers', 'option-syntax'],
  ['overlay: regular lower layers cannot follow data layers', 'option-syntax'],
  ['overlay: lowerdir+ and datadir+ cannot follow lowerdir', 'option-syntax'],
  ['overlayfs: empty lowerdir', 'option-syntax'],
  ['Multiple sources', 'option-syntax'],
  ["overlay: Unknown parameter 'foo'", 'option-unknown', { option: 'foo' }],
  ["mount: /mnt: fsconfig() failed: overlay: Unknown parameter 'foo'.", 'option-unknown', { option: 'foo' }],
  ['overlayfs: unrecognized mount option "xino=off" or missing value', 'option-unknown', { option: 'xino=off' }],
  ["overlay: Bad value for 'index'", 'option-bad-value', { option: 'index' }],
  ["overlay: Unexpected value for 'volatile'", 'option-bad-value', { option: 'volatile' }],
  ['overlayfs: bad mount option "redirect_dir=bogus"', 'option-bad-value', { option: 'redirect_dir=bogus' }],
  ['overlayfs: conflicting options: metacopy=on,redirect_dir=follow', 'option-conflict', { conflict: 'metacopy=on,redirect_dir=follow' }],
  ['overlayfs: lower data-only dirs require metacopy support.', 'option-conflict'],
  ['overlayfs: metacopy requires permission to access trusted xattrs', 'userns-option-refused', { option: 'metacopy' }],
  ['overlayfs: lower data-only dirs require permission to access trusted xattrs', 'userns-option-refused'],
  ['overlay: No changes allowed in reconfigure', 'remount-change-ignored'],
  ['VFS: Legacy: Cumulative options too large', 'options-too-long'],
  ["e VFS: Legacy: Option 'lowerdir' contained comma", 'way-cannot-say'],
  ['overlayfs: workdir and upperdir must reside under the same mount', 'work-other-mount'],
  ['overlayfs: workdir and upperdir must be separate subtrees', 'work-upper-nested'],
  ['overlayfs: conflicting lowerdir path', 'layers-overlap'],
  ['overlayfs: overlapping lowerdir path', 'layers-overlap'],
  ['overlayfs: overlapping upperdir path', 'upper-inside-lower'],
  ['overlayfs: maximum fs stacking depth exceeded', 'stack-too-deep'],
  ["overlayfs: upperdir is in-use as upperdir/workdir of another mount, mount with '-o index=off' to override exclusive upperdir protection.", 'upper-in-use'],
  ["overlayfs: upperdir is in-use by another mount, mount with '-o index=off' to override exclusive upperdir protection.", 'upper-in-use'],
  ["overlayfs: workdir is in-use as upperdir/workdir of another mount, mount with '-o index=off' to override exclusive upperdir protection.", 'work-in-use'],
  ["overlayfs: lowerdir is in-use as upperdir/workdir of another mount, mount with '-o index=off' to override exclusive upperdir protection.", 'lower-in-use'],
  ['overlayfs: failed to clone lowerpath', 'userns-locked-mounts'],
  ['overlayfs: failed to clone upperpath', 'userns-locked-mounts'],
  ["overlayfs: overlay with incompat feature 'volatile' cannot be mounted", 'volatile-leftover'],
  ["overlayfs: overlay with incompat feature 'x' cannot be mounted", 'work-dir-unusable'],
  ["overlayfs: statfs failed on '/mnt/nfs'", 'lower-unsupported', { path: '/mnt/nfs' }],
  ['overlayfs: Failed to create volatile/dirty file.', 'work-dir-unusable'],
  ['overlayfs: failed to get anonymous bdev for lowerpath', 'unknown'],
  ['overlayfs: failed to verify upper root origin', 'index-mismatch'],
  ['overlayfs: failed to verify origin (/l2, ino=3, err=-116)', 'index-mismatch'],
  ['overlayfs: failed to verify upper (/u2, ino=11, err=-116)', 'index-mismatch'],
  ["overlayfs: failed to verify index dir 'upper' xattr", 'index-mismatch'],
  ['overlayfs: failed to verify index (index/garbage, ftype=8000, err=-22)', 'index-mismatch'],
  ["overlayfs: try deleting index dir or mounting with '-o index=off' to disable inodes index.", 'index-mismatch'],
]

const RUNNING: readonly Row[] = [
  ['overlayfs: refusing to follow redirect for (/e)', 'metacopy-mismatch', { path: '/e' }],
  ['overlayfs: refusing to follow metacopy origin for (usr/bin)', 'metacopy-mismatch', { path: 'usr/bin' }],
  ['overlayfs: metacopy with no lower data found - abort lookup (/f)', 'metacopy-mismatch'],
  ['overlayfs: lazy lowerdata lookup failed (/x, err=-2)', 'metacopy-mismatch'],
  ["overlayfs: metacopy file 'q' has too small xattr", 'metacopy-mismatch'],
  ["overlayfs: metacopy file 'q' has no digest specified", 'metacopy-mismatch'],
  ["overlayfs: lower file 'q' has the wrong fs-verity digest", 'metacopy-mismatch'],
  ["overlayfs: lower file 'q' failed to load fs-verity info", 'metacopy-mismatch'],
  ['overlayfs: invalid redirect (../x)', 'metacopy-mismatch'],
  ['overlayfs: failed to get metacopy (-95)', 'metacopy-mismatch'],
  ['overlayfs: failed to set redirect (-28)', 'rename-exdev'],
  ["overlayfs: failed lookup in lower (/l1, name='u', err=-40): overlapping layers", 'upper-inside-lower'],
  ["overlayfs: failed lookup in upper (/u, name='a', err=-116): parent wrong casefold", 'lower-modified'],
  ["overlayfs: lookup 'work/#12' failed (-2)", 'lower-modified'],
  ['overlayfs: failed to look up (a) for ino (-2)', 'lower-modified'],
  ['overlayfs: failed to lock workdir+upperdir', 'lower-modified'],
  ['overlayfs: wrong inherited casefold (games/x)', 'casefold-mismatch'],
  ['overlayfs: failed lookup after mkdir (u/d, err=-2).', 'upper-unsupported'],
  ['overlayfs: failed to retrieve lower fileattr (l/a, err=-25)', 'lower-unsupported'],
  ["overlayfs: cleanup of 'work/work' failed (-39)", 'work-dir-unusable', { path: 'work/work' }],
  ['overlayfs: suspected uncovered redirected dir found (origin=l/a, index=index/00fb).', 'index-mismatch'],
  ['overlayfs: bad index found (index=index/00fb, ftype=4000, origin ftype=8000).', 'index-mismatch'],
  ['overlayfs: orphan index entry (index/00fb, ftype=8000, nlink=1)', 'index-mismatch'],
  ['overlayfs: invalid origin (00fb2100)', 'index-mismatch'],
  ["overlayfs: cleanup index of 'index/00fb' failed (-30)", 'index-mismatch'],
  ['overlayfs: failed inode index lookup (ino=3, key=00fb, err=-116);', 'index-mismatch'],
  ['overlayfs: failed to get index nlink (index/00fb, err=-61)', 'index-mismatch'],
  ['overlayfs: failed to decode file handle (len=40, type=248, flags=0, err=-116)', 'index-mismatch'],
  ['overlayfs: failed to encode file handle (ino=3, err=-75)', 'index-mismatch'],
  ['overlayfs: failed to lookup one by real (l/a, layer=1, connected=l, err=-116)', 'index-mismatch'],
]

const REMARKS: readonly Row[] = [
  ['overlayfs: upper fs does not support RENAME_WHITEOUT.', 'upper-unsupported'],
  ['overlayfs: upper fs does not support tmpfile.', 'upper-unsupported'],
  ['overlayfs: cannot set origin xattr on upper', 'upper-no-xattr'],
  ['overlayfs: workdir/work already exists', 'work-dir-unusable'],
  ['overlayfs: option "workdir=/w" is useless in a non-upper mount, ignore', 'feature-dropped', { useless: 'workdir=/w' }],
  ["overlayfs: null uuid detected in lower fs 'a/b', falling back to xino=off,index=off,nfs_export=off.", 'feature-dropped'],
  ['overlayfs: failed to set uuid (/u, err=-13); falling back to uuid=null.', 'feature-dropped', { feature: 'uuid=null.' }],
  ["overlayfs: connectable file handles not supported; use 'no_subtree_check' exportfs option.", 'feature-dropped'],
  ['overlayfs: inode number too big (l/a, ino=18446744073709551615, xinobits=2)', 'feature-dropped'],
  ['overlayfs: copying fileattr: no xattr on upper', 'feature-dropped'],
  ['overlayfs: Failed to link whiteout - disabling whiteout inode sharing(nlink=65000, err=-31)', 'feature-dropped'],
  ['overlayfs: upper fs needs to support d_type.', 'upper-no-d-type'],
  ['overlayfs: failed to set xattr on upper', 'upper-no-xattr'],
  ['overlayfs: upper fs does not support xattr, falling back to index=off and metacopy=off.', 'upper-no-xattr'],
  ["overlayfs: try mounting with 'userxattr' option", 'userns-needs-userxattr'],
  ['overlayfs: upperdir is in-use as upperdir/workdir of another mount, accessing files from both mounts will result in undefined behavior.', 'upper-in-use'],
  ['overlayfs: workdir is in-use as upperdir/workdir of another mount, accessing files from both mounts will result in undefined behavior.', 'work-in-use'],
  ['overlayfs: failed to create directory /w/work (errno: 13); mounting read-only', 'work-dir-unusable', { path: '/w/work', errno: '13' }],
  ['overlayfs: ...falling back to redirect_dir=nofollow.', 'feature-dropped', { feature: 'redirect_dir=nofollow.' }],
  ["overlayfs: fs on '/x' does not support file handles, falling back to index=off,nfs_export=off.", 'feature-dropped', { feature: 'index=off,nfs_export=off.' }],
  ['overlayfs: NFS export requires "index=on", falling back to nfs_export=off.', 'feature-dropped', { feature: 'nfs_export=off.' }],
  ['overlayfs: option "index=on" is useless in a non-upper mount, ignore', 'feature-dropped', { useless: 'index=on' }],
  ['overlayfs: option "volatile" is meaningless in a non-upper mount, ignoring it.', 'feature-dropped', { useless: 'volatile' }],
  ['overlayfs: disabling metacopy due to redirect_dir=off', 'feature-dropped', { dropped: 'metacopy' }],
]

test.each(REFUSALS.map(whole))('$line', ({ line, code, groups }) => {
  const found = readSentence(line)
  expect([found?.sentence.codes[0], found?.sentence.refuses, found?.sentence.when]).toEqual([code, true, 'mount'])
  expect(found?.groups).toMatchObject(groups)
})

test.each(RUNNING.map(whole))('in use: $line', ({ line, code, groups }) => {
  const found = readSentence(line)
  expect([found?.sentence.codes[0], found?.sentence.refuses, found?.sentence.when]).toEqual([code, true, 'use'])
  expect(found?.groups).toMatchObject(groups)
})

test.each(REMARKS.map(whole))('$line', ({ line, code, groups }) => {
  const found = readSentence(line)
  expect([found?.sentence.codes[0], found?.sentence.refuses]).toEqual([code, false])
  expect(found?.groups).toMatchObject(groups)
})

test.each(['', 'overlayfs: ', 'overlayfs: "xino" feature enabled using 2 upper inode bits.', 'mount: failed to look up the name', 'usb 1-4: new high-speed USB device', 'overlayfs: "xino=on" is useless with all layers on same fs, ignore.'])('means nothing by itself: %s', (line) => {
  expect(readSentence(line)).toBeUndefined()
})

test('no sentence stands there twice', () => {
  const words = KERNEL_SENTENCES.flatMap((row) => row.words.source.split('|').map((part) => part.replace(/^[\^(?:]+/, '')))
  expect(words.filter((part, at) => part.length > 12 && words.indexOf(part) < at)).toEqual([])
})

test.each([
  ["overlayfs: failed to resolve '/x': -2", 'ENOENT', true], ["overlayfs: failed to resolve '/x': -2", 'EINVAL', false], ["overlayfs: failed to resolve '/x': -40", 'ELOOP', true],
  ['overlayfs: overlapping lowerdir path', 'ELOOP', true], ['overlayfs: unescaped trailing colons in lowerdir mount option.', 'ENOENT', false], ['overlayfs: unescaped trailing colons in lowerdir mount option.', 'EINVAL', true],
])('%s can end in %s: %s', (line, errno, can) => expect(canEndIn(line, errno)).toBe(can))
