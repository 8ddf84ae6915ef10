/** Long texts about how options were written: separators, escapes, lengths. */

import type { FindingCode } from '../codes.ts'
import { KERNEL_LOG, SAYS_SPECIAL_DEVICE, SAYS_WRONG_FS } from './long-text.ts'
import type { LongText } from './long-text.ts'

type SpellingCode = Extract<FindingCode, 'option-syntax' | 'unescaped-colon' | 'unescaped-comma' | 'options-too-long' | 'value-too-long'>

const EXPLAIN = 'ovl options -l LOWER1 -l LOWER2 -u UPPER --explain'
const BY_OVL = 'Let ovl mount it: it escapes what has to be.\novl mount -l LOWER -u UPPER TARGET'

export const SPELLING_TEXTS: Readonly<Record<SpellingCode, LongText>> = {
  'option-syntax': {
    what: 'The option string breaks the rules: a blank in place of a comma, a colon too many, “lowerdir:” for “lowerdir=”, or upperdir, workdir or the source given twice.',
    why: 'Options are parted by commas without blanks, layers by one colon, data-only layers by two. Of an option given twice the kernel takes the last and says nothing, so ovl refuses that itself.',
    see: [KERNEL_LOG, EXPLAIN],
    fix: ['Write lowerdir=TOP:BOTTOM,upperdir=UPPER,workdir=WORK, without a colon at either end.', 'Say lowerdir+ and datadir+ once a layer, all lowerdir+ first, and lowerdir= not beside them.', 'Or name the layers one by one.\novl mount -l TOP -l BOTTOM -u UPPER TARGET'],
    since: 'Two colons mean data-only layers since Linux 6.5. Until 6.4 they are an empty layer.',
    reads: [
      SAYS_WRONG_FS, SAYS_SPECIAL_DEVICE, 'kernel log: overlayfs: unescaped trailing colons in lowerdir mount option.', 'kernel log: overlayfs: cannot append lower layer',
      "kernel log: overlayfs: only single ':' or double '::' sequences of unescaped colons in lowerdir mount option allowed.",
      'kernel log: overlayfs: regular lower layers cannot follow data lower layers', 'kernel log: overlay: lowerdir+ and datadir+ cannot follow lowerdir',
      'kernel log until 6.4: overlayfs: empty lowerdir',
    ],
  },
  'unescaped-colon': {
    what: 'The name of a lower directory has a colon in it, and the kernel took it for the separator of two layers.',
    why: 'In lowerdir= every colon parts two layers unless a backslash stands before it. The kernel then looks for two shorter paths, and mostly finds none (ENOENT).',
    see: [KERNEL_LOG, EXPLAIN],
    fix: [BY_OVL, 'Write “\\:” in lowerdir=. In fstab write “\\134:”. In lowerdir+= write it plain.', 'In upperdir= and workdir= a colon needs no escape on Linux 6.18, and may have one.'],
    since: 'lowerdir+ since Linux 6.7. systemd-nspawn 252 takes “\\:” in --overlay and does not pass it on to the kernel.',
    reads: [SAYS_SPECIAL_DEVICE, "kernel log: overlayfs: failed to resolve '/srv/a': -2 (of /srv/a:b)"],
  },
  'unescaped-comma': {
    what: 'The name of a directory has a comma in it, and it was taken for the end of the option.',
    why: 'In the string of mount(2) a comma ends an option unless a backslash stands before it. The kernel then sees a shorter path and an unknown option.',
    see: [KERNEL_LOG, EXPLAIN],
    fix: [BY_OVL, 'Write “\\,” in lowerdir=, upperdir= and workdir=. In fstab write “\\134,”, never “\\054”.', 'Through mount(2) no lowerdir+= can hold a comma: use lowerdir= there.', 'Or reach the directory by a symbolic link without a comma.'],
    since: 'Linux 6.5 and 6.6 lost “\\,” in the string of mount(2). Linux 6.18 takes it. Through the new mount API a comma is an ordinary letter.',
    reads: [SAYS_SPECIAL_DEVICE, SAYS_WRONG_FS, "kernel log: overlayfs: failed to resolve '/srv/a': -2 (of /srv/a,b)", "kernel log since 6.5: overlay: Unknown parameter 'REST'"],
  },
  'options-too-long': {
    what: 'All options together, with their escapes, are longer than the 4095 bytes that mount(2) takes (one memory page less one byte).',
    why: 'The kernel cuts the rest off without an error. What happens then depends on where it was cut: a missing path, a missing workdir, or a mount with the wrong directory that seems to succeed.',
    see: ["printf %s 'OPTIONS' | wc -c   # more than 4095?", EXPLAIN, KERNEL_LOG],
    fix: [
      'Let ovl mount it: it hands layers over one by one where the kernel can, and shortens the names elsewhere.\novl mount -l LOWER1 -l LOWER2 -u UPPER TARGET',
      'Use shorter paths, or relative ones from their common directory.', 'Or merge some layers into one.',
    ],
    since: 'One layer at a time: lowerdir+ since Linux 6.7, by descriptor since 6.13. Through the new mount API Linux 5.2 to 6.4 has the same limit of one page.',
    reads: [
      SAYS_SPECIAL_DEVICE, SAYS_WRONG_FS, "kernel log: overlayfs: failed to resolve 'PATH': -2 (PATH is the beginning of a longer one)", "kernel log: overlayfs: missing 'workdir'",
      'Docker: cannot mount layer, mount label too large N', 'containerd: mount options is too long', 'podman: cannot mount layer, mount data "…" too large N >= page size 4096',
    ],
  },
  'value-too-long': {
    what: 'One value is longer than 255 bytes, the most that fsconfig(2) takes. Mostly it is lowerdir= with several layers.',
    why: 'The system call refuses it before overlay sees it (EINVAL). So neither the kernel log nor the log of the mount has a word about it, which tells it from all other EINVAL.',
    see: ["printf %s 'VALUE' | wc -c   # more than 255?", 'mount --version   # 2.39 and newer', KERNEL_LOG],
    fix: [
      'Let ovl mount it.\novl mount -l LOWER1 -l LOWER2 -u UPPER TARGET',
      'Give each layer an option of its own (Linux 6.7 and newer).\nmount -t overlay overlay TARGET -o lowerdir+=LOWER1,lowerdir+=LOWER2',
      'Or let mount(8) use the old system call, which takes 4095 bytes in all.\nLIBMOUNT_FORCE_MOUNT2=always mount -t overlay overlay TARGET -o OPTIONS',
    ],
    since: 'mount(8) passes lowerdir= as one such value since util-linux 2.39. Older ones use mount(2).',
    reads: [SAYS_WRONG_FS],
  },
}
