/**
 * Every sentence that overlayfs prints, and what each can mean: in the wording until Linux 6.4, and since
 * 6.5 when overlay learned the new mount API. One table for the live log, for the newest trouble and for
 * pasted texts. What a sentence means for the mount at hand is for hear.ts and messages/ to say.
 *
 * Groups: `path` and `option` name what is at fault, `conflict` the options that exclude each other,
 * `feature` what is dropped. Texts read from fs/overlayfs/*.c of 4.19, 5.4, 5.10, 6.1, 6.6, 6.12, 6.18;
 * those of pr_debug, and notes that nothing follows from ("xino" feature enabled …), are left out.
 */

import type { FindingCode } from '../errors/codes.ts'

export interface KernelSentence {
  readonly words: RegExp
  /** What it can mean; the likeliest by the words alone first. */
  readonly codes: readonly FindingCode[]
  /** Something fails with it, `when` says what; else it is a remark, and things go on with less. */
  readonly refuses: boolean
  /** Said of a mount that is being made, or while the mounted tree is used. */
  readonly when: 'mount' | 'use'
}

const refuses = (words: RegExp, ...codes: FindingCode[]): KernelSentence => ({ words, codes, refuses: true, when: 'mount' })
const remarks = (words: RegExp, ...codes: FindingCode[]): KernelSentence => ({ words, codes, refuses: false, when: 'mount' })
const fails = (words: RegExp, ...codes: FindingCode[]): KernelSentence => ({ words, codes, refuses: true, when: 'use' })
const notes = (words: RegExp, ...codes: FindingCode[]): KernelSentence => ({ words, codes, refuses: false, when: 'use' })

const MISSING: readonly FindingCode[] = ['lower-missing', 'upper-missing', 'work-missing', 'options-too-long', 'path-not-expanded', 'unescaped-colon', 'unescaped-comma', 'option-syntax']

export const KERNEL_SENTENCES: readonly KernelSentence[] = [
  // paths
  refuses(/^failed to resolve '(?<path>.*)': -(?:2|36)$/s, ...MISSING),
  refuses(/^failed to resolve '(?<path>.*)': -20$/s, 'layer-not-directory', 'options-too-long'),
  refuses(/^failed to resolve '(?<path>.*)': -40$/s, 'symlink-loop'),
  refuses(/^failed to resolve '(?<path>.*)': -13$/s, 'path-unreadable', 'mounter-credentials', 'lsm-denied'),
  refuses(/^'?(?<path>.*?)'? (?:is )?not a directory$/s, 'layer-not-directory'),
  // what a file system can do
  refuses(/^filesystem on '?(?<path>.*?)'? not supported as upperdir$/s, 'upper-on-overlay', 'upper-remote', 'upper-unsupported'),
  refuses(/^filesystem on '?(?<path>.*?)'? is read-only$/s, 'upper-read-only'),
  refuses(/^upper fs is r\/o, try multi-lower layers mount/, 'upper-read-only'),
  refuses(/^filesystem on '?(?<path>.*?)'? (?:is )?not supported$/s, 'lower-unsupported', 'upper-unsupported'),
  refuses(/^case-(?:in)?sensitive directory on (?<path>.*) is inconsistent$/s, 'casefold-mismatch'),
  refuses(/^case-insensitive capable filesystem on (?<path>.*) not supported$/s, 'casefold-mismatch'),
  refuses(/^upper fs missing required features/, 'upper-unsupported', 'upper-remote', 'upper-no-xattr'),
  refuses(/^Cannot mount volatile when upperdir has an unseen error/, 'upper-unsupported'),
  refuses(/^idmapped layers are currently not supported/, 'idmap-unsupported'),
  refuses(/^statfs failed on '(?<path>.*)'$/s, 'lower-unsupported', 'mounter-credentials'),
  remarks(/^upper fs needs to support d_type/, 'upper-no-d-type'),
  remarks(/^failed to set xattr on upper/, 'upper-no-xattr'),
  remarks(/^(?:upper fs does not support xattr|cannot set \S+ xattr on upper)/, 'upper-no-xattr'),
  remarks(/^upper fs does not support (?:tmpfile|RENAME_WHITEOUT)/, 'upper-unsupported', 'feature-dropped'),
  remarks(/^try mounting with 'userxattr' option/, 'userns-needs-userxattr'),
  // what was said
  refuses(/^missing 'lowerdir'/, 'lowerdir-required', 'options-too-long', 'option-syntax'),
  refuses(/^missing upperdir or lowerdir or workdir/, 'lowerdir-required', 'work-required'),
  refuses(/^at least one non-data lowerdir is required/, 'lowerdir-required'),
  refuses(/^missing 'workdir'/, 'work-required', 'options-too-long', 'option-syntax'),
  refuses(/^at least 2 lowerdir are needed while upperdir nonexistent/, 'single-lower-without-upper', 'options-too-long', 'option-syntax'),
  refuses(/^too many lower directories, limit is/, 'too-many-layers'),
  refuses(/^unescaped trailing colons in lowerdir|^cannot append lower layer|^only single ':' or double '::'|^Multiple sources/, 'option-syntax'),
  refuses(/^empty lowerdir/, 'option-syntax', 'lowerdir-required'),
  refuses(/^(?:regular lower layers cannot follow data|lowerdir\+ and datadir\+ cannot follow lowerdir)/, 'option-syntax'),
  refuses(/^Unknown parameter '(?<option>.*)'/s, 'option-unknown', 'option-needs-newer-kernel', 'unescaped-comma'),
  refuses(/^unrecognized mount option "(?<option>.*)" or missing value/s, 'option-unknown', 'option-needs-newer-kernel', 'option-bad-value', 'unescaped-comma'),
  refuses(/^(?:Bad value|Unexpected value) for '(?<option>.*)'/s, 'option-bad-value', 'option-needs-newer-kernel'),
  refuses(/^bad mount option "(?<option>.*)"/s, 'option-bad-value', 'option-needs-newer-kernel'),
  refuses(/^conflicting options: (?<conflict>.*)$/s, 'option-conflict'),
  refuses(/^lower data-only dirs require metacopy support/, 'option-conflict'),
  refuses(/^(?<option>.*) requires? permission to access trusted xattrs/, 'userns-option-refused'),
  refuses(/^No changes allowed in reconfigure/, 'remount-change-ignored'),
  refuses(/^VFS: Legacy: Cumulative options too large/, 'options-too-long'),
  refuses(/^VFS: Legacy: Option '.*' contained comma|^VFS: Legacy: Parameter type for '.*' not supported/s, 'way-cannot-say'),
  // layer relations
  refuses(/^workdir and upperdir must reside under the same mount/, 'work-other-mount', 'work-other-filesystem'),
  refuses(/^workdir and upperdir must be separate subtrees/, 'work-upper-nested'),
  refuses(/^(?:conflicting|overlapping) lowerdir path|^overlapping path/, 'layers-overlap', 'upper-inside-lower'),
  refuses(/^(?:conflicting|overlapping) (?:upperdir|workdir) path/, 'upper-inside-lower', 'layers-overlap'),
  refuses(/^maximum fs stacking depth exceeded/, 'stack-too-deep'),
  refuses(/^upperdir is in-use .*mount with '-o index=off'/, 'upper-in-use', 'lower-in-use'),
  refuses(/^workdir is in-use .*mount with '-o index=off'/, 'work-in-use'),
  refuses(/^lowerdir is in-use .*mount with '-o index=off'/, 'lower-in-use'),
  remarks(/^upperdir is in-use/, 'upper-in-use'),
  remarks(/^workdir is in-use/, 'work-in-use'),
  remarks(/^lowerdir is in-use/, 'lower-in-use'),
  refuses(/^failed to clone lowerpath/, 'userns-locked-mounts', 'lower-unsupported'),
  refuses(/^failed to clone upperpath/, 'userns-locked-mounts', 'upper-unsupported'),
  // what earlier mounts left
  refuses(/^overlay with incompat feature 'volatile' cannot be mounted/, 'volatile-leftover'),
  refuses(/^overlay with incompat feature '.*' cannot be mounted/, 'work-dir-unusable'),
  refuses(/^failed to verify (?:upper root origin|upper \(|index dir|index \(|origin)|^failed index dir cleanup|^try deleting index dir/, 'index-mismatch'),
  refuses(/^Failed to create volatile\/dirty file/, 'work-dir-unusable', 'no-space', 'no-inodes'),
  refuses(/^failed to get anonymous bdev for/, 'unknown', 'mount-limit'),
  remarks(/^failed to create directory (?<path>.*) \(errno: (?<errno>\d+)\); mounting read-only/s, 'work-dir-unusable'),
  remarks(/^workdir\/\S+ already exists/, 'work-dir-unusable'),
  fails(/^cleanup of '(?<path>.{0,4096})' failed/s, 'work-dir-unusable'),
  // what goes on with less
  remarks(/falling back to (?<feature>[\w=,. ]+)|^disabling (?<dropped>\w+) due to|^option "(?<useless>[\w=]+|workdir=.*)" is (?:useless|meaningless) in a non-upper mount/, 'feature-dropped'),
  // while it is used: redirects and metadata without data
  fails(/^refusing to follow (?:metacopy origin|redirect) for \((?<path>[^)\n]{0,4096})\)/, 'metacopy-mismatch'),
  fails(/^metacopy with no lower data found|^lazy lowerdata lookup failed|^metacopy file '/, 'metacopy-mismatch', 'lower-modified'),
  fails(/^lower file '.{0,4096}' (?:has (?:the wrong|no) fs-verity digest|failed to load fs-verity)/, 'metacopy-mismatch', 'lower-modified'),
  fails(/^invalid redirect \(|^failed to get (?:redirect|metacopy) \(/, 'metacopy-mismatch', 'lower-modified'),
  fails(/^failed to set redirect \(/, 'rename-exdev', 'upper-no-xattr'),
  // layers that are not what they were, or not what they seem
  fails(/^failed lookup in lower \(.{0,4400}err=-40\)/s, 'upper-inside-lower', 'layers-overlap'),
  fails(/^failed lookup in (?:upper|lower) \(|^lookup '.{0,4400}' failed \(|^failed to (?:look up \(.{0,4400}\) for ino|get inode \(|lock workdir\+upperdir)|^incompatible overlay\.protattr/s, 'lower-modified', 'unknown'),
  fails(/wrong (?:inherited )?casefold/, 'casefold-mismatch'),
  fails(/^failed lookup after mkdir|^newly created inode found in cache/, 'upper-unsupported', 'kernel-bug'),
  fails(/^failed to retrieve (?:upper|lower) fileattr/, 'lower-unsupported', 'upper-unsupported'),
  // the index, and file handles
  fails(/^suspected (?:uncovered|multiply) redirected dir|^(?:bad index found|orphan index entry|stale index entry|invalid index upper|invalid origin) ?\(|^cleanup (?:linked )?index|^failed inode index lookup|^failed to get (?:origin|index nlink) \(/, 'index-mismatch', 'lower-modified'),
  fails(/^failed to (?:copy up on encode|encode file handle|decode file handle|lookup (?:one )?by real) \(/, 'index-mismatch', 'lower-modified'),
  notes(/^connectable file handles not supported|^(?:d_ino|inode number) too big|^copying fileattr: no |^Failed to link whiteout/, 'feature-dropped'),
]
