/** Long texts about ovl itself, and about messages that name no cause. */

import type { FindingCode } from '../codes.ts'
import { KERNEL_LOG } from './long-text.ts'
import type { LongText } from './long-text.ts'

type ToolCode = Extract<FindingCode, 'persistence-unusable' | 'usage' | 'way-cannot-say' | 'ffi-unavailable' | 'tool-missing' | 'interrupted' | 'unsafe-path' | 'file-too-large' | 'output-failed' | 'cwd-missing' | 'fd-limit' | 'internal' | 'secondary-error' | 'not-overlayfs' | 'unknown'>

export const TOOL_TEXTS: Readonly<Record<ToolCode, LongText>> = {
  'persistence-unusable': {
    what: 'What --persist names cannot keep the changes of this live system.',
    why: 'The same disk shall serve ovl and the live system when it boots. casper wants upper and work at its top, and moves anything else it finds there into upper; live-boot wants a persistence.conf and passes over a disk without one. A directory or disk with other things in it is refused, so that nothing gets lost in them.',
    see: ['blkid IMAGE', 'ovl live plan SOURCE   # which system it is'],
    fix: ['Let ovl make an image as the live system wants it.\novl live mount SOURCE TARGET --persist IMAGE --size 4g', "For live-boot, say what shall be kept.\nprintf '/ union\\n' > DIR/persistence.conf"],
  },
  usage: {
    what: 'The command line does not say something that ovl can do: an unknown command or option, a missing or doubled word.',
    why: 'ovl does nothing at all unless it has understood every word. A guess could mount the wrong directory.',
    see: ['ovl --help', 'ovl COMMAND --help   # with examples'],
    fix: ['Follow the examples of the help.', 'Write a name that begins with a dash as ./-NAME.'],
  },
  'way-cannot-say': {
    what: 'The way into the kernel that was asked for with --via cannot express this mount.',
    why: 'Each way has limits of its own. mount2 has one page for all options, fsconfig 255 bytes for each value and no commas before Linux 6.5, fsconfig:fd needs Linux 6.13.',
    see: ['ovl mount --dry-run -l LOWER -u UPPER TARGET', 'ovl options -l LOWER -u UPPER --for mount2 --explain'],
    fix: ['Leave --via out: ovl then takes the first way that can say it.', 'Or use shorter names, without commas.'],
    since: 'fsconfig since Linux 5.2, lowerdir+ since 6.7, layers by descriptor since 6.13.',
    reads: ["log of the mount, 5.2 to 6.4: VFS: Legacy: Option 'NAME' contained comma", "log of the mount, 5.2 to 6.4: VFS: Legacy: Parameter type for 'NAME' not supported"],
  },
  'ffi-unavailable': {
    what: 'ovl could not load koffi, the native library through which it makes system calls.',
    why: 'Node.js has no mount of its own. Without koffi ovl falls back to mount(8), which has other limits and reports less.',
    see: ["node -p 'process.version + \" \" + process.arch'", "node -e 'require(\"koffi\")'   # where ovl is installed", 'printenv OVL_NO_FFI   # 1 switches it off'],
    fix: ['Install again on the machine where it is to run, so that the right binary is fetched.\nnpm ci', 'Unset OVL_NO_FFI, if that was not meant.', 'Or go without: --via mount8.'],
  },
  'tool-missing': {
    what: 'A program that this needs is not installed, or not in PATH.',
    why: 'ovl leaves to other programs what they do well, such as mksquashfs, xorriso or fuse-overlayfs.',
    see: ['command -v PROGRAM', 'echo "$PATH"   # without /usr/sbin?'],
    fix: ['Install the package that the message names.\napt install PACKAGE', 'Or add the directory of the program to PATH.'],
  },
  interrupted: {
    what: 'A signal, such as Ctrl-C, stopped ovl before it was done.',
    why: 'ovl then takes down in reverse order what it had put up, so that nothing half made stays.',
    see: ['ovl list', 'findmnt -t overlay'],
    fix: ['Run the command again.', 'If ovl itself was killed (SIGKILL), clear what it left.\novl umount --stale'],
  },
  'unsafe-path': {
    what: 'Something other than a plain file or directory stands where ovl has to read or write in a tree that somebody else can change: a symlink, a FIFO, a device.',
    why: 'ovl mostly runs as root. A symlink in a live medium, in the tree of another system or in the directory of a user could lead it to any file of this system. So ovl opens such paths one directory at a time and follows no symlink where it writes.',
    see: ['namei -l PATH', 'stat PATH'],
    fix: ['Look at what stands there, and move it away if it is not needed.', 'Or name the true directory or file, without the symlink.'],
  },
  'file-too-large': {
    what: 'A file is larger than ovl is prepared to read.',
    why: 'Configuration files, receipts and facts files are small. A file of many megabytes under such a name is damaged, or was put there to fill the memory.',
    see: ['ls -l FILE', 'head -c 200 FILE'],
    fix: ['Look at what it is, and move it away if it is not needed.'],
  },
  'output-failed': {
    what: 'ovl did its work and could not write the result to standard output: the disk behind it is full, or it was closed.',
    why: 'The result is written last. To undo a mount because nobody read about it would surprise more than to keep it.',
    see: ['df -h .', 'ovl list   # what is mounted now'],
    fix: ['Make room, or write to another place, and ask again.\novl inspect TARGET', 'If the mount is not wanted, take it down.\novl umount TARGET'],
  },
  'cwd-missing': {
    what: 'The directory in which ovl was started does not exist any more.',
    why: 'Relative paths begin at the working directory. Somebody removed it while your shell was in it.',
    see: ['ls -l /proc/self/cwd   # it ends in (deleted)'],
    fix: ['Change to a directory that exists, and try again.\ncd /'],
  },
  'fd-limit': {
    what: 'ovl could not open a file, because this process (EMFILE) or the whole system (ENFILE) has as many open as are allowed.',
    why: 'The limit of a process is set by its shell or its service, the one of the system by fs.file-max. ovl opens each layer once, and needs some thirty files beyond that.',
    see: ['ulimit -n', 'cat /proc/sys/fs/file-nr'],
    fix: ['Raise the limit in the shell.\nulimit -n 1024', 'Raise it in the unit of a service.\nLimitNOFILE=1024'],
  },
  internal: {
    what: 'A bug in ovl.',
    why: 'ovl came to a state that its authors held to be impossible. It stopped there, and undid what it could; the mount itself may be right.',
    see: ['ovl --version; node --version; uname -r', 'ovl list   # what is mounted now'],
    fix: ['Report the message, the command, and the versions above.', 'Until then use the same words with mount(8).\nmount -t overlay overlay TARGET -o OPTIONS'],
  },
  'secondary-error': {
    what: 'The message is the consequence of an earlier failure. It says nothing of the cause.',
    why: 'After a failed mount, programs clean up. They unmount what was never mounted, and report that as well, often last or longest.',
    see: ['journalctl -b -g overlay -n 50   # the lines before it', KERNEL_LOG],
    fix: ['Read the first failure. In podman it is the error at the end of “creating overlay mount to …”.', 'Give that text to ovl.\novl diagnose --message TEXT'],
    reads: ['podman: Unmounting …/merged: invalid argument', 'runc: data: index=off,lowerdir=… (the error stands at the end of the line)'],
  },
  'not-overlayfs': {
    what: 'The text is about something else that is called overlay: a network between containers (VXLAN), or the overlay of a game.',
    why: 'They share the word with the file system, and nothing else.',
    see: ['findmnt -t overlay   # the overlay file systems here', 'docker network ls   # the overlay networks'],
    fix: ['Look for help with that program.', 'If a mount fails as well, give its own message to ovl.\novl diagnose --message TEXT'],
    reads: ['Docker: network … with driver overlay', 'Steam: gameoverlayrenderer.so'],
  },
  unknown: {
    what: 'Nothing that ovl knows fits what was seen.',
    why: 'The kernel has one error number for some thirty causes. The reason mostly stands in its log, which ordinary users often may not read (kernel.dmesg_restrict).',
    see: [KERNEL_LOG, 'ovl doctor DIR', 'uname -r; mount --version', 'cat /proc/self/mountinfo'],
    fix: ['Try it again as root, and read the kernel log at once.', 'Let ovl check the same words step by step.\novl diagnose -- mount -t overlay overlay TARGET -o OPTIONS', 'Try with fewer options and layers, until it mounts: the last one taken away is at fault.'],
    reads: ['Invalid argument, and no line in the kernel log: see value-too-long first'],
  },
}
