/**
 * What is said of one code when somebody asks for it: more than a finding has room for, and of no
 * mount in particular. Names in capitals (UPPER, TARGET …) stand for what the reader puts there.
 */

export interface LongText {
  /** What the code names, in plain words. */
  readonly what: string
  /** Why the kernel (or ovl) insists; with `what` at most six sentences. */
  readonly why: string
  /** Commands that show it, to be pasted; a remark may follow behind a `#`. None of them changes anything that stays. */
  readonly see: readonly string[]
  /** Ways out, the safest first. After a line break stands the command of that way. */
  readonly fix: readonly string[]
  /** Which kernels or tools have it, and where they differ. */
  readonly since?: string
  /** The texts under which people meet it. */
  readonly reads?: readonly string[]
}

/** The kernel’s own words, under either of its two names. */
export const KERNEL_LOG = "dmesg | grep -E 'overlay(fs)?: ' | tail -n 5"

/** mount(8) for ENOENT, whichever directory is missing: “overlay” is the dummy source. */
export const SAYS_SPECIAL_DEVICE = 'mount: TARGET: special device overlay does not exist.'

/** mount(8) for EINVAL, whatever was wrong. */
export const SAYS_WRONG_FS = 'mount: TARGET: wrong fs type, bad option, bad superblock on overlay, missing codepage or helper program, or other error.'

/** mount(8) for ELOOP, of layers as of links. */
export const SAYS_TOO_MANY_LINKS = 'mount: TARGET: mount(2) system call failed: Too many levels of symbolic links.'

/** mount(8) for EACCES: it tries again read-only, and reports that. */
export const SAYS_READ_ONLY = 'mount: TARGET: cannot mount overlay read-only.'
