/** What would decide between suspects: for each code a question, and the command whose answer settles it. None of the commands changes anything. */

import type { FindingCode } from '../../errors/codes.ts'
import type { Fix } from '../../errors/finding.ts'
import { isUtf8Name } from '../../names/bytes.ts'
import { quoteShell } from '../../names/shell.ts'
import type { Hint } from './patterns/hint.ts'
import { isUnexpanded } from './patterns/kernel.ts'
import type { Reading } from './read.ts'

interface Question {
  readonly text: string
  /** With the path at hand. */
  readonly command?: (path: string) => string
  /** Where no path is known, or none is needed. */
  readonly plain?: string
}

const LOG = "dmesg | grep -E 'overlay(fs)?: ' | tail -n 5"
const TYPE: Question = { text: 'Is upper on an overlay, a network or another odd file system? The file system type tells.', command: (path) => `findmnt -n -o FSTYPE,OPTIONS -T ${path}`, plain: 'findmnt -o TARGET,FSTYPE,OPTIONS' }
const THERE: Question = { text: 'Does each part of the path exist?', command: (path) => `namei -l -- ${path}`, plain: LOG }
const HELD: Question = { text: 'Which overlay holds the directory? Look into all mount namespaces.', plain: 'ovl list --all-namespaces' }
const WORDS: Question = { text: 'What did the kernel say at that moment?', plain: LOG }
const ROOM: Question = { text: 'Is it bytes, inodes or mounts that have run out?', command: (path) => `df -h -- ${path}; df -i -- ${path}`, plain: 'df -h; df -i; wc -l < /proc/self/mountinfo; cat /proc/sys/fs/mount-max' }
const RIGHTS: Question = { text: 'Who are you here, and may you mount?', plain: 'id -u; cat /proc/self/uid_map; grep CapEff /proc/self/status; sysctl user.max_user_namespaces kernel.apparmor_restrict_unprivileged_userns' }

const QUESTIONS: Readonly<Partial<Record<FindingCode, Question>>> = {
  'lower-missing': THERE, 'upper-missing': THERE, 'work-missing': THERE, 'target-missing': THERE, 'path-not-expanded': { text: 'Is there a “~”, a “$” or a quote in a path as the kernel got it?', plain: LOG },
  'lower-not-mounted-yet': { text: 'Is the path there now? Then it came too late: name what it lies on with RequiresMountsFor= or x-systemd.requires-mounts-for=.', command: (path) => `findmnt -T ${path}`, plain: 'systemctl list-dependencies --reverse local-fs.target' },
  'layer-not-directory': { text: 'What is it?', command: (path) => `file -- ${path}` },
  'path-unreadable': { text: 'Which directory on the way has no x for this user?', command: (path) => `namei -l -- ${path}`, plain: LOG },
  'symlink-loop': { text: 'Is it a circle of links? Then the kernel log says “failed to resolve”, else “overlapping” or “conflicting”.', command: (path) => `namei -l -- ${path}`, plain: LOG },
  'layers-overlap': { text: 'Are two layers the same directory (same device and inode), or one inside another?', command: (path) => `stat -L -c '%d:%i %n' -- ${path}`, plain: LOG },
  'work-other-mount': { text: 'Are upper and work on one mount? Both lines must be the same.', plain: 'findmnt -n -T UPPER; findmnt -n -T WORK' },
  'work-other-filesystem': { text: 'Are upper and work on one mount? Both lines must be the same.', plain: 'findmnt -n -T UPPER; findmnt -n -T WORK' },
  'stack-too-deep': { text: 'Does a layer lie on an overlay that lies on another?', plain: 'findmnt -t overlay -o TARGET,OPTIONS' },
  'upper-in-use': HELD, 'work-in-use': HELD, 'lower-in-use': HELD,
  'upper-on-overlay': TYPE, 'upper-remote': TYPE, 'upper-unsupported': TYPE, 'upper-read-only': TYPE,
  'upper-no-d-type': { text: 'Was an XFS made with ftype=0?', command: (path) => `xfs_info ${path} | grep ftype`, plain: 'ovl doctor DIR' },
  'upper-no-xattr': { text: 'What can the file system of upper do?', plain: 'ovl doctor DIR' },
  'casefold-mismatch': { text: 'Which layer has the F flag?', command: (path) => `lsattr -d -- ${path}` },
  'option-unknown': WORDS, 'option-needs-newer-kernel': { text: 'Which options does this kernel have?', plain: 'ovl doctor' }, 'option-bad-value': WORDS, 'option-conflict': WORDS,
  'option-syntax': WORDS, 'unescaped-colon': { text: 'Is there a colon in the name of a layer? Write it “\\:”.', plain: LOG }, 'unescaped-comma': { text: 'Is there a comma in the name of a layer? Write it “\\,”.', plain: LOG },
  'options-too-long': { text: 'How long is the option string? Up to 4095 bytes get through.', plain: "printf %s 'OPTIONS' | wc -c" },
  'value-too-long': { text: 'Does it work through the older system call?', plain: 'mount --version' },
  'filesystem-type-renamed': { text: 'Which of the two names does this kernel know?', plain: 'grep overlay /proc/filesystems' },
  'feature-dropped': { text: 'Which options are in force?', plain: 'findmnt -t overlay -o TARGET,OPTIONS' },
  'tool-missing': { text: 'Which programs are there? For lines of type ovl, mount(8) wants links to mount.ovl and umount.ovl in /sbin.', plain: 'ovl doctor; ls -l /sbin/mount.ovl /sbin/umount.ovl' },
  'not-overlayfs': { text: 'If an overlay mount failed as well, look for what the kernel said of it.', plain: LOG },
  'module-missing': { text: 'Does the kernel have it, and are the modules of the running kernel installed?', plain: 'grep overlay /proc/filesystems; modinfo overlay; ls -d /lib/modules/$(uname -r)' },
  'not-permitted': RIGHTS, 'userns-disabled': RIGHTS, 'userns-option-refused': RIGHTS, 'userns-needs-userxattr': RIGHTS,
  'userns-locked-mounts': { text: 'Are there mounts below the layer?', command: (path) => `findmnt -R ${path}`, plain: 'findmnt' },
  'mounter-credentials': { text: 'Does the file system of the layer admit others?', command: (path) => `findmnt -n -o FSTYPE,OPTIONS -T ${path}`, plain: 'findmnt -o TARGET,FSTYPE,OPTIONS' },
  'lsm-denied': { text: 'Did AppArmor or SELinux write a line about it?', plain: "dmesg | grep -iE 'apparmor|avc' | tail -n 5" },
  'idmap-unsupported': { text: 'Which kernel, and which file system under the layer?', command: (path) => `uname -r; findmnt -n -o FSTYPE -T ${path}`, plain: 'uname -r' },
  'owner-unmapped': { text: 'Who owns the file, and is that id mapped?', plain: 'ls -ln FILE; cat /proc/self/uid_map' },
  'volatile-leftover': { text: 'Is the mark still there?', plain: 'ls WORK/work/incompat' },
  'index-mismatch': { text: 'Is index on, and was upper used with other layers before?', plain: 'cat /sys/module/overlay/parameters/index; getfattr -d -m trusted.overlay UPPER' },
  'metacopy-mismatch': { text: 'Was metacopy or redirect_dir on when it was written?', plain: 'cat /sys/module/overlay/parameters/{metacopy,redirect_dir}' },
  'work-dir-unusable': { text: 'What stands in the way in the work directory?', plain: LOG },
  'mounted-read-only': { text: 'Is the superblock read-only though the mount says rw?', plain: 'findmnt -t overlay -o TARGET,VFS-OPTIONS,FS-OPTIONS' },
  'read-only-overlay': { text: 'Does the mount have an upperdir?', plain: 'findmnt -t overlay -o TARGET,OPTIONS' },
  'no-space': ROOM, 'no-inodes': ROOM, 'mount-limit': { text: 'How many mounts are there, and how many may there be?', plain: 'wc -l < /proc/self/mountinfo; cat /proc/sys/fs/mount-max' },
  'umount-busy': { text: 'Who uses it?', command: (path) => `fuser -vm ${path}`, plain: 'lsof +f -- TARGET' },
  'not-mounted': { text: 'Is it a mount point here?', command: (path) => `findmnt -M ${path}`, plain: 'ovl list' },
  'rename-exdev': { text: 'Is redirect_dir on?', plain: 'findmnt -t overlay -o TARGET,OPTIONS; cat /sys/module/overlay/parameters/redirect_dir' },
  'whiteout-copied': { text: 'Is the file a character device 0, 0?', plain: 'stat -c "%F %t,%T %n" FILE' },
  'lower-modified': { text: 'Was a layer changed, replaced or removed since the overlay was mounted?', plain: 'ovl inspect TARGET' },
  'upper-inside-lower': { text: 'Does upper lie below a lower?', plain: 'findmnt -t overlay -o TARGET,OPTIONS' },
  'kernel-bug': { text: 'Which kernel is it?', plain: 'uname -r' },
  'image-unreadable': { text: 'What is in the image?', command: (path) => `blkid -p ${path}; file -- ${path}` },
  'secondary-error': { text: 'Look for the first failure, some lines or seconds before this one.', plain: LOG },
}

const WHOLE: Question = { text: 'Collect the kernel log of the moment, as root: the reason is written there and mostly nowhere else. Then the exact mount command or option string, the output of findmnt for upper, and uname -r.' }
/** Nothing to be pasted: nobody but the reader has the words. */
const COMMAND: Fix = { text: 'Give ovl the mount command itself, after “ovl diagnose --”: it looks at the directories, tries the mount where nobody is disturbed, and reads what the kernel says.' }

/** The question as a way on, with the path of the hint, or of the layer its code is about. */
export function questionFor({ code, path }: Hint, { layers, target }: Reading): Fix[] {
  if (code === 'unknown') return [COMMAND, { text: WHOLE.text, command: LOG }]
  // The answer stands in the name.
  if (code === 'path-not-expanded' && path !== undefined && isUnexpanded(path)) return []
  const question = QUESTIONS[code] ?? WORDS
  const about = path ?? (code.startsWith('upper') ? layers.upper : code.startsWith('work') ? layers.work : /^(?:target|umount|not-mounted)/.test(code) ? target : undefined)
  if (code === 'lower-missing' && path === undefined && layers.lower.length > 0 && layers.lower.every(isWhole)) return [{ text: question.text, command: `namei -l -- ${layers.lower.slice(0, 8).map(quoteShell).join(' ')}` }]
  const isName = about !== undefined && isWhole(about)
  const command = isName && question.command !== undefined ? question.command(quoteShell(about)) : question.plain
  return [{ text: question.text, ...(command === undefined ? {} : { command }) }]
}

/** The same without commands that read the kernel log, for whom it was read already. */
export function withoutLog(questions: readonly Fix[]): Fix[] {
  const left = questions.filter(({ text }) => text !== WORDS.text)
  return left.length === 0 ? [COMMAND] : left.map(({ text, command }) => ({ text, ...(command === undefined || command.startsWith('dmesg') ? {} : { command }) }))
}

/** A name that nobody shortened, and that a shell can be given. */
const isWhole = (name: string): boolean => isUtf8Name(name) && name.length < 1000 && !/…|\.\.\./.test(name)
