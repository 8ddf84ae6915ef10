/**
 * The sentences of overlayfs and what each can mean, in both wordings: until Linux 6.4, and since 6.5
 * when overlay learned the new mount API. What they mean for the mount at hand is for hear.ts to say.
 *
 * Groups: `path` and `option` name what is at fault, `conflict` the options that exclude each other,
 * `feature` what is dropped. Texts read from fs/overlayfs/*.c of 4.19, 5.4, 5.10, 6.1, 6.6, 6.12, 6.18.
 */

import type { FindingCode } from '../errors/codes.ts'

export interface KernelSentence {
  readonly words: RegExp
  /** What it can mean; the likeliest by the words alone first. */
  readonly codes: readonly FindingCode[]
  /** The mount fails with it; else it is a remark on a mount that goes on with less. */
  readonly refuses: boolean
}

const refuses = (words: RegExp, ...codes: FindingCode[]): KernelSentence => ({ words, codes, refuses: true })
const remarks = (words: RegExp, ...codes: FindingCode[]): KernelSentence => ({ words, codes, refuses: false })

const MISSING: readonly FindingCode[] = ['lower-missing', 'upper-missing', 'work-missing', 'options-too-long', 'path-not-expanded', 'unescaped-colon', 'unescaped-comma', 'option-syntax']

/** The prefix of either log, and of mount(8) where it passes the context log on. */
const PREFIX = /^(?:.*fsconfig\(\) failed: )?(?:[ewi] )?(?:overlayfs: |overlay: )?/

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
  remarks(/^upper fs needs to support d_type/, 'upper-no-d-type'),
  remarks(/^failed to set xattr on upper/, 'upper-no-xattr'),
  remarks(/^upper fs does not support xattr/, 'upper-no-xattr'),
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
  remarks(/^failed to create directory (?<path>.*) \(errno: (?<errno>\d+)\); mounting read-only/s, 'work-dir-unusable'),
  // what goes on with less
  remarks(/falling back to (?<feature>[\w=,. ]+)|^disabling (?<dropped>\w+) due to|^option "(?<useless>[\w=]+)" is (?:useless|meaningless) in a non-upper mount/, 'feature-dropped'),
]

/** The sentence in a line, with its groups; undefined for lines that are not overlay’s, or that mean nothing by themselves. */
export function readSentence(line: string): { readonly sentence: KernelSentence; readonly groups: Readonly<Record<string, string | undefined>>; readonly text: string } | undefined {
  const text = line.replace(PREFIX, '').replace(line.includes('fsconfig() failed') ? /\.?\s*$/ : /\s+$/, '')
  for (const sentence of KERNEL_SENTENCES) {
    const found = sentence.words.exec(text)
    if (found !== null) return { sentence, groups: found.groups ?? {}, text }
  }
  return undefined
}
