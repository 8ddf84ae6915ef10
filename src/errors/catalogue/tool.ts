/** Findings about images and live media, about ovl itself, and about texts that are no cause. The type is checked in ../catalogue.ts. */

export const TOOL_ENTRIES = {
  'image-unreadable': {
    severity: 'error',
    explanation: 'This file is not an image of a file system that can be a layer, or it is damaged or cut short.',
    docs: 'losetup(8)',
  },
  'image-not-clean': {
    severity: 'warning',
    explanation: 'The image was copied while it was mounted, or never unmounted. As a layer it is attached read-only, and its journal is not replayed: what was only there is not seen.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html',
  },
  'live-not-found': {
    severity: 'error',
    explanation: 'A live system keeps its tree in squashfs images at known places (casper/, live/), and none was found here.',
    docs: 'live-boot(7)',
  },
  'live-layer-missing': {
    severity: 'error',
    explanation: 'The images of a live system build on each other, and one of the chain is missing. What lies above it cannot stand alone.',
    docs: 'live-boot(7)',
  },
  'persistence-unusable': {
    severity: 'error',
    explanation: 'The changes of a live system are kept on a disk, an image or a directory that is laid out as the live system itself wants to find it. This one is not, and what it holds must not be mixed up with them.',
    docs: 'ovl(1)',
  },
  usage: {
    severity: 'error',
    explanation: 'The command line does not say something that ovl can do.',
    docs: 'ovl(1)',
  },
  'way-cannot-say': {
    severity: 'error',
    explanation: 'There are several ways to hand a mount to the kernel, each with limits of its own, and the one that was asked for cannot express this mount.',
    docs: 'ovl(1)',
  },
  'ffi-unavailable': {
    severity: 'error',
    explanation: 'ovl makes system calls through a small native library (koffi), which cannot be loaded by this Node.js on this machine. What needs no system call of its own still works, through mount(8).',
    docs: 'ovl(1)',
  },
  'tool-missing': {
    severity: 'error',
    explanation: 'This needs a program that is not installed, or not in PATH.',
    docs: 'ovl(1)',
  },
  interrupted: {
    severity: 'error',
    explanation: 'A signal stopped the command before it was done. What it had put up was taken down again.',
    docs: 'signal(7)',
  },
  'unsafe-path': {
    severity: 'error',
    explanation: 'In a directory that somebody else can change, a symlink, a FIFO or a device stands where ovl needs a plain file or directory. Following it could change or read something elsewhere on this system, so ovl does not.',
    docs: 'openat2(2)',
  },
  'file-too-large': {
    severity: 'error',
    explanation: 'The file is larger than any file of its kind is. Reading it would fill the memory, so it was not read.',
    docs: 'ovl(1)',
  },
  'output-failed': {
    severity: 'error',
    explanation: 'The command did what it was asked to do, but its result could not be written to standard output. What it did stays done.',
    docs: 'write(2)',
  },
  'cwd-missing': {
    severity: 'error',
    explanation: 'The working directory of this process was removed. A relative path has no meaning then.',
    docs: 'getcwd(3)',
  },
  'fd-limit': {
    severity: 'error',
    explanation: 'A process may have only so many files open at a time, and this limit was reached.',
    docs: 'getrlimit(2)',
  },
  internal: {
    severity: 'error',
    explanation: 'This is a bug in ovl. Nothing is wrong with the mount as far as ovl can tell.',
    docs: 'ovl(1)',
  },
  'secondary-error': {
    severity: 'note',
    explanation: 'This message is the consequence of an earlier failure, often of a clean-up that found nothing to clean. The first failure is the one to read.',
    docs: 'ovl(1)',
  },
  'not-overlayfs': {
    severity: 'note',
    explanation: 'The text is about something else that is called overlay too, such as an overlay network or a game overlay.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html',
  },
  unknown: {
    severity: 'error',
    explanation: 'Nothing that ovl knows fits what was seen. The kernel gives one error number for some thirty causes, so the next step is to read its log.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html',
  },
} as const
