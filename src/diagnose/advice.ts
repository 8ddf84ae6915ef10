/** What to do about a cause of which only the words are known: no path, no fact. Where there are facts, the rules give commands. */

import type { FindingCode } from '../errors/codes.ts'
import type { Fix } from '../errors/finding.ts'

const ELSEWHERE = 'Put upper and work on a local file system such as ext4, xfs, btrfs or tmpfs.'
const APART = 'Give each mount an upper and a work directory of its own.'
const MISSING = 'Check the spelling, and that what should be mounted there is mounted first.'

const ADVICE: Readonly<Partial<Record<FindingCode, string>>> = {
  'lower-missing': MISSING, 'upper-missing': MISSING, 'work-missing': MISSING, 'target-missing': MISSING,
  'path-not-expanded': 'Write the path in full: a shell expands “~” only at the beginning of a word and “$NAME” not in single quotes, and fstab and units expand neither.',
  'layer-not-directory': 'Name a directory; mount an image or a device first.',
  'path-unreadable': 'Give the mounting user search permission on each directory of the path.',
  'symlink-loop': 'Follow the links of the path one by one, and mend the one that leads back.',
  'layers-overlap': 'Put the layers into directories that do not contain each other.',
  'upper-inside-lower': 'Put upper and work outside of the lower tree.',
  'work-upper-nested': 'Put work beside upper, not inside it.',
  'work-other-filesystem': 'Put work beside upper, on the same mount.',
  'work-other-mount': 'Put work beside upper, on the same mount.',
  'stack-too-deep': 'Name the layers of the overlay below, instead of that overlay.',
  'upper-in-use': APART, 'work-in-use': APART, 'lower-in-use': 'Use a copy of it as the lower, or unmount the other overlay first.',
  'upper-on-overlay': ELSEWHERE, 'upper-remote': ELSEWHERE, 'upper-unsupported': ELSEWHERE, 'upper-no-xattr': ELSEWHERE,
  'upper-read-only': 'Make the file system of upper writable, or put upper and work on another one.',
  'upper-no-d-type': 'Make the file system again with file types (mkfs.xfs -n ftype=1, mkfs.ext4 -O filetype), or put upper elsewhere.',
  'lower-unsupported': 'Copy the tree to another file system, and use the copy.',
  'casefold-mismatch': 'Use directories without casefold for all layers (chattr -F on empty ones), or a file system without that feature.',
  'lowerdir-required': 'Name at least one lower directory.',
  'work-required': 'Name an empty directory beside upper as work.',
  'single-lower-without-upper': 'Add an upper or a second lower, or use a bind mount.',
  'option-unknown': 'Check its spelling, or leave it out.', 'option-bad-value': 'Give it one of its values; ovl mount --help has them.', 'option-conflict': 'Leave one of the two out.',
  'option-needs-newer-kernel': 'Leave it out, or use a newer kernel.',
  'option-syntax': 'Separate options by commas, layers by single colons, and write “\\:” for a colon in a name.',
  'options-too-long': 'Use shorter paths, or the new mount API, which has no such limit.',
  'too-many-layers': 'Merge some of the lower layers into one.',
  'remount-change-ignored': 'Unmount it, and mount it again with the new options.',
  'way-cannot-say': 'Use mount(2), which can say it with an escape.',
  'userns-option-refused': 'Leave the option out, or mount as root.',
  'userns-locked-mounts': 'Name as layers directories that have no mounts below them, or mount as root.',
  'idmap-unsupported': 'Leave the id mapping out, or use Linux 5.19 or newer.',
  'volatile-leftover': 'Start with a fresh upper and work, for files of this upper may be damaged.',
  'index-mismatch': 'Mount with the very layers that were used first, or with index=off.',
  'work-dir-unusable': 'Use a fresh work directory beside upper.',
}

/** General advice for a code, as a fix. */
export function advise(code: FindingCode): Fix[] {
  const text = ADVICE[code]
  return text === undefined ? [] : [{ text }]
}
