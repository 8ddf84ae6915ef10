/**
 * The finding codes: public API, never renamed. One cause has one code, whichever way it was found.
 * What each one means stands in catalogue.ts.
 */

export const FINDING_CODES = [
  // paths
  'lower-missing', 'upper-missing', 'work-missing', 'target-missing',
  'path-not-expanded',
  'layer-not-directory', 'target-not-directory',
  'path-unreadable',
  'symlink-loop',
  'unsafe-path', 'file-too-large',
  'lower-not-mounted-yet',
  // layer relations
  'layers-overlap',
  'upper-inside-lower',
  'work-upper-nested',
  'work-other-filesystem',
  'work-other-mount',
  'stack-too-deep',
  'upper-in-use', 'work-in-use', 'lower-in-use',
  'submounts-hidden',
  // what a filesystem can do
  'upper-on-overlay',
  'upper-remote',
  'upper-unsupported',
  'upper-read-only',
  'upper-no-d-type',
  'upper-no-xattr',
  'lower-unsupported',
  'casefold-mismatch',
  'not-responding',
  // options
  'lowerdir-required', 'work-required',
  'single-lower-without-upper',
  'option-unknown',
  'option-needs-newer-kernel',
  'option-bad-value',
  'option-conflict',
  'option-syntax',
  'unescaped-colon', 'unescaped-comma',
  'options-too-long',
  'value-too-long',
  'too-many-layers',
  'filesystem-type-renamed',
  'remount-change-ignored',
  // kernel and rights
  'module-missing',
  'not-permitted',
  'userns-disabled',
  'userns-needs-userxattr',
  'userns-option-refused',
  'userns-locked-mounts',
  'mounter-credentials',
  'lsm-denied',
  'idmap-unsupported', 'owner-unmapped',
  // state
  'volatile-leftover',
  'index-mismatch',
  'metacopy-mismatch',
  'work-dir-unusable',
  'mounted-read-only',
  'feature-dropped',
  'flags-not-inherited',
  'no-space', 'no-inodes',
  'mount-limit',
  'lower-modified',
  'copy-up-bloat',
  'umount-busy',
  'not-mounted',
  'owned-elsewhere',
  // at run time
  'rename-exdev',
  'whiteout-copied',
  'read-only-overlay',
  'kernel-bug',
  // images and live media
  'image-unreadable', 'image-not-clean', 'persistence-unusable',
  'live-not-found', 'live-layer-missing',
  'live-stacks-everything', 'live-order-reversed', 'live-image-ignored',
  'persistence-line-skipped', 'persistence-sources-nested',
  'pack-incomplete',
  // ovl itself
  'usage',
  'way-cannot-say',
  'ffi-unavailable', 'tool-missing',
  'interrupted', 'output-failed', 'cwd-missing', 'fd-limit', 'internal',
  // text only
  'secondary-error',
  'not-overlayfs',
  'unknown',
] as const

export type FindingCode = (typeof FINDING_CODES)[number]
