/** Findings about what was said: options, their syntax and their limits. The type is checked in ../catalogue.ts. */

export const OPTION_ENTRIES = {
  'lowerdir-required': {
    severity: 'error',
    explanation: 'An overlay lies over at least one lower directory, and none was given. An upper alone needs no overlay: it is an ordinary directory.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#upper-and-lower',
  },
  'work-required': {
    severity: 'error',
    explanation: 'A writable overlay needs a work directory beside upper, on the same file system, where the kernel prepares files before it moves them into upper.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#directories',
  },
  'single-lower-without-upper': {
    severity: 'error',
    explanation: 'One lower directory and no upper would show just that directory, so the kernel refuses. Give an upper to write to, a second lower, or use a read-only bind mount.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#multiple-lower-layers',
  },
  'option-unknown': {
    severity: 'error',
    explanation: 'This is no option of overlayfs: a typo, or an option of another file system. One unknown word makes the kernel refuse the whole mount.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html',
  },
  'option-needs-newer-kernel': {
    severity: 'error',
    explanation: 'The option is real, but this kernel does not have it yet, or was built without it. Older kernels refuse the whole mount because of it.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html',
  },
  'option-bad-value': {
    severity: 'error',
    explanation: 'The option is known, but not with this value. Where it is a word, the kernel takes exactly those it lists, such as on and off, and neither yes nor 1.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html',
  },
  'option-conflict': {
    severity: 'error',
    explanation: 'Two of the options exclude each other, because what one promises the other takes away. The kernel refuses when both are asked for explicitly.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html',
  },
  'option-syntax': {
    severity: 'error',
    explanation: 'The option text does not follow the rules: options are separated by commas without blanks, layers by single colons, data-only layers by double ones, and each of upperdir and workdir is given once.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#multiple-lower-layers',
  },
  'unescaped-colon': {
    severity: 'error',
    explanation: 'A colon separates the layers of lowerdir, so a colon that belongs to a directory name must be written “\\:”. Without it the kernel sees two shorter paths.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#multiple-lower-layers',
  },
  'unescaped-comma': {
    severity: 'error',
    explanation: 'A comma separates options, so a comma that belongs to a directory name must be written “\\,”. Without it the kernel sees a shorter path and an unknown option.',
    docs: 'mount(8)',
  },
  'options-too-long': {
    severity: 'error',
    explanation: 'The mount(2) system call takes all options as one string of at most one memory page (4095 bytes), and the kernel cuts the rest off without an error. It may then mount the wrong directory, or not find one.',
    docs: 'mount(2)',
  },
  'value-too-long': {
    severity: 'error',
    explanation: 'The fsconfig(2) system call takes at most 255 bytes for one value, and a longer one is refused without any message. mount(8) of util-linux 2.39 and newer passes all of lowerdir as one such value.',
    docs: 'fsconfig(2)',
  },
  'too-many-layers': {
    severity: 'error',
    explanation: 'The kernel stacks at most 500 lower layers, data-only ones included. Merge some of them into one directory first.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#multiple-lower-layers',
  },
  'filesystem-type-renamed': {
    severity: 'error',
    explanation: 'The type was called “overlayfs” in patched kernels before 3.18; since then it is “overlay”, and it needs a workdir.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html',
  },
  'remount-change-ignored': {
    severity: 'warning',
    explanation: 'Layers and overlay options are fixed when the overlay is mounted. A later remount can change mount flags such as ro only: mount(2) ignores the rest silently, the newer API refuses it.',
    docs: 'mount(8)',
  },
} as const
