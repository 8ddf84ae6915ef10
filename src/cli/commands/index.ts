/**
 * Every command of ovl, as data. A new command is a row here and a handler in a file of its own beside this one.
 */

import type { CommandDef } from '../define.ts'
import { MOUNT_POSITIONALS, MOUNT_WORDS } from '../mount-words.ts'
import { VIA_WORDS } from '../../plan/via.ts'

const DRY_RUN = { name: 'dry-run', does: 'show the plan and the commands that would do the same, and do nothing' } as const
const NONE = { min: 0, max: 0, value: { name: 'WORD', kind: 'word' } } as const
const ONE_OVERLAY = { min: 1, max: 1, value: { name: 'TARGET', kind: 'overlay' } } as const

/** First words that several commands share, and what these have in common. */
export const GROUPS: Readonly<Record<string, string>> = {
  live: 'the live systems of Ubuntu, Debian and their kin: look into one, open it, change it, make a medium of it again',
}

export const COMMANDS: readonly CommandDef[] = [
  {
    name: 'mount', family: 'mount', kind: 'mount', summary: 'mount an overlay',
    usage: ['[-l PATH]… [-u DIR [-w DIR] | --tmpfs] [-o OPTIONS] [--mkdir] TARGET', '[-t overlay] [SOURCE] TARGET -o lowerdir=A:B,upperdir=U,workdir=W'],
    details: [
      'Lower layers are said topmost first. With -u changes go to DIR; without -u or --tmpfs the mount is read-only.',
      'Silent on success. When the kernel refuses, its words are followed by what is behind them and by the commands that put it right.',
    ],
    options: [
      ...MOUNT_WORDS,
      { name: 'via', value: { name: 'WAY[:FORM]', kind: 'word', words: VIA_WORDS }, does: 'way into the kernel, and how it names layers; auto tries all but fuse, in this order' },
      { name: 'strict', does: 'undo the mount and fail where there would be a warning' },
      DRY_RUN,
    ],
    positionals: MOUNT_POSITIONALS,
    examples: [
      ['ovl mount -l over -l base -u changes --mkdir /tmp/merged', 'base below over; what is changed goes to changes'],
      ['ovl mount -l base --tmpfs --mkdir /tmp/scratch', 'a writable view of base that forgets'],
      ['ovl mount -t overlay overlay /tmp/merged -o lowerdir=over:base', 'the words of mount(8)'],
    ],
    load: () => import('./mount.ts'),
  },
  {
    name: 'umount', family: 'mount', kind: 'umount', summary: 'unmount overlays, with all that was put up for them',
    usage: ['TARGET… [-l] [-R] [--force]', '--stale [--force]'],
    details: ['Takes down the overlay, then the tmpfs, images and directories that ovl mount made for it, deepest first. When it is busy, the processes that hold it are named; it is never detached lazily unless -l says so.', 'An overlay that a container engine or a service made (Docker, containerd, podman, buildah, systemd, LXC, schroot) is left to that: ovl refuses, and names the command that ends it.'],
    options: [
      { name: 'lazy', short: 'l', does: 'detach now, let go when it is no longer used' },
      { name: 'recursive', short: 'R', does: 'first what is mounted below it' },
      { name: 'stale', does: 'clear what crashed or foreign hands left of earlier mounts; what may still be mounted in a namespace that cannot be seen stays, and is named' },
      { name: 'force', does: 'take it down all the same: what a container engine or a service made, or with --stale what cannot be judged' },
      DRY_RUN,
    ],
    positionals: { min: 0, value: { name: 'TARGET', kind: 'overlay' } },
    examples: [['ovl umount /tmp/merged', 'take one down'], ['ovl umount -R /tmp/merged /tmp/scratch', 'two, and what is mounted inside them'], ['ovl umount /tmp/try', 'what ovl root mounted, and all that was changed in it'], ['ovl umount --stale', 'clean up after a crash']],
    load: () => import('./umount.ts'),
  },
  {
    name: 'remount', family: 'mount', kind: 'remount', summary: 'change the mount flags of a live overlay',
    usage: ['TARGET -o OPTIONS'],
    details: ['Flags such as ro, nosuid or noatime can change while it is mounted. Layers and overlay options cannot: the kernel would ignore them, so ovl says so, with the umount and mount that would do it.'],
    options: [{ name: 'options', short: 'o', many: true, value: { name: 'OPTIONS', kind: 'mount-options' }, does: 'what is to change' }, DRY_RUN],
    positionals: ONE_OVERLAY,
    examples: [['ovl remount /tmp/merged -o ro', 'stop all writing']],
    load: () => import('./remount.ts'),
  },
  {
    name: 'list', family: 'look', kind: 'list', summary: 'every overlay mount, and who made it',
    usage: ['[--all-namespaces]'],
    options: [{ name: 'all-namespaces', short: 'a', does: 'those of other mount namespaces too: containers and services' }],
    positionals: NONE,
    examples: [['ovl list', 'what is mounted here'], ['ovl list --json', 'the same for programs']],
    load: () => import('./list.ts'),
  },
  {
    name: 'inspect', family: 'look', kind: 'inspect', summary: 'one overlay, layer by layer',
    usage: ['TARGET'],
    options: [],
    positionals: ONE_OVERLAY,
    examples: [['ovl inspect /tmp/merged', 'its layers from the top down, and how it fares']],
    load: () => import('./inspect.ts'),
  },
  {
    name: 'options', family: 'look', kind: 'options', summary: 'the option string of a mount, encoded; nothing is touched',
    usage: ['[WORDS of ovl mount] [--for WAY] [--explain]'],
    options: [
      { name: 'for', value: { name: 'WAY', kind: 'word', words: ['mount2', 'fsconfig', 'mount8', 'fstab'] }, does: 'whose escapes and limits apply; default mount8' },
      { name: 'explain', does: 'show bytes used of the limit, escapes, and what shortening did' },
      ...MOUNT_WORDS,
    ],
    positionals: { ...MOUNT_POSITIONALS, min: 0 },
    examples: [["ovl options -l 'a:b' -l base -u changes", 'for the -o of mount(8)'], ['ovl options -l over -l base --for fsconfig --explain', 'the calls of the new mount API']],
    load: () => import('./options.ts'),
  },
  {
    name: 'fstab', family: 'mount', kind: 'fstab', summary: 'the fstab line of an overlay, printed or written',
    usage: ['[WORDS of ovl mount] [--helper] [--write[=FILE]]', '--from TARGET [--write[=FILE]]', '--remove TARGET [--write=FILE]', '--lint[=FILE] [--root DIR]'],
    details: [
      'Written so that mount(8) and systemd, which read the same line differently, both mount exactly this; what one of them cannot read is refused. Words that make boot wait for the layers are added by themselves: with -v each says why.',
      'With --helper the line is of the type ovl, which mount(8) leaves to mount.ovl, and that to the code of ovl mount: lower= and data= for each layer, topmost first, upper=, work=, tmpfs, size=, mkdir, label=, idmap=, via=, strict, and every overlay option and mount flag. In a value %2C stands for a comma, and so for any byte. mount(8) looks for helpers in /sbin only; once, as root: ln -s "$(command -v mount.ovl)" "$(command -v umount.ovl)" /sbin/',
      'A file is replaced whole, and the old one kept as FILE.ovl-backup. A line for the same target is replaced, every other byte stays; a line that mounts something else there is never touched. What --lint calls an error is not written.',
      'With --lint every overlay line is judged: layers that boot has not mounted yet, directories that are missing, words that mount(8) and systemd read differently, and what else keeps it from being mounted; with the line as it should be. Exit 0: no error, perhaps warnings; 32: a line has an error.',
    ],
    options: [
      ...MOUNT_WORDS,
      { name: 'from', value: { name: 'TARGET', kind: 'overlay' }, does: 'the line that brings back this live mount' },
      { name: 'automount', does: 'mount on first use, not at boot' },
      { name: 'nofail', does: 'boot goes on when it cannot be mounted' },
      { name: 'helper', does: 'a line of type ovl, for mount.ovl: images, --tmpfs, --mkdir, --idmap, any name' },
      { name: 'comment', value: { name: 'TEXT', kind: 'text' }, bare: '', does: 'a comment line above it: TEXT, or the reasons' },
      { name: 'write', value: { name: 'FILE', kind: 'file' }, bare: '/etc/fstab', does: 'add it to FILE, or replace the line of its target' },
      { name: 'remove', value: { name: 'TARGET', kind: 'directory' }, does: 'take the overlay line of TARGET out of the file' },
      { name: 'lint', value: { name: 'FILE', kind: 'file' }, bare: '/etc/fstab', does: 'judge every overlay line of FILE, as boot will read it' },
      { name: 'root', value: { name: 'DIR', kind: 'directory' }, does: 'with --lint: FILE is that of an image mounted on DIR' },
      { name: 'dry-run', does: 'show the diff, and write nothing' },
    ],
    positionals: { ...MOUNT_POSITIONALS, min: 0 },
    examples: [
      ['ovl fstab -l over -l base -u changes /tmp/merged', 'the line, for reading or pasting'],
      ['ovl fstab -l over -l base /tmp/merged --nofail --comment --dry-run', 'what --write would change in /etc/fstab'],
      ['ovl fstab --lint', 'what is wrong with the overlay lines of /etc/fstab'],
    ],
    load: () => import('./fstab.ts'),
  },
  {
    name: 'unit', family: 'mount', kind: 'unit', summary: 'an overlay as a systemd mount unit, printed or written',
    usage: ['[WORDS of ovl mount] [--helper] [--automount] [--write[=DIR]]'],
    details: [
      'Named as systemd-escape names it. It waits for the mounts that its layers lie on. A unit can carry names with backslashes, which an fstab line cannot.',
      'With --helper the unit is of the type ovl, which mount(8) leaves to mount.ovl (see ovl fstab --help): it can say images, a tmpfs, directories to make, any name and 500 layers.',
    ],
    options: [
      ...MOUNT_WORDS,
      { name: 'automount', does: 'a second unit mounts it on first use' },
      { name: 'nofail', does: 'boot goes on when it cannot be mounted' },
      { name: 'helper', does: 'of type ovl, for mount.ovl: images, --tmpfs, --mkdir, --idmap, any name' },
      { name: 'write', value: { name: 'DIR', kind: 'directory' }, bare: '/etc/systemd/system', does: 'write the files into DIR' },
      { name: 'dry-run', does: 'say which files would be written' },
    ],
    positionals: MOUNT_POSITIONALS,
    examples: [['ovl unit -l over -l base -u changes /tmp/merged', 'the unit, for reading'], ['ovl unit -l over -l base --automount --write --dry-run /tmp/merged', 'where the files would go']],
    load: () => import('./unit.ts'),
  },
  {
    name: 'diagnose', family: 'check', kind: 'diagnosis', summary: 'what is wrong with mount words, an error text or a live overlay',
    usage: ['[WORDS of ovl mount] [--no-trial]', '-- mount -t overlay …', '--message TEXT|- [--check]', '--target DIR', '--from-facts FILE', '--code CODE', ''],
    details: [
      'Words are checked by all that can be seen, then tried: mounted in a private mount namespace, with fresh directories in place of upper and work, so that nothing of it stays. Every fault is listed, the root cause first; a clean bill says what was tried, and what could not be seen.',
      'A text that leaves the cause open, as most of mount(8) do, is read beside the kernel log of this machine: what it said in the last minutes is named first, as likely. A text that says the cause itself, or brings lines of a kernel log, is judged alone.',
      'Without words it tells what the kernel last complained of.',
      'Exit 0: nothing is wrong; 1: an error was found; 2: could not look.',
    ],
    options: [
      ...MOUNT_WORDS,
      { name: 'no-trial', does: 'look only, and mount nothing' },
      { name: 'message', value: { name: 'TEXT', kind: 'text' }, does: 'explain an error text of any tool; - reads it from standard input: mount … 2>&1 | ovl diagnose --message -' },
      { name: 'check', does: 'look up here what the message names' },
      { name: 'target', value: { name: 'DIR', kind: 'overlay' }, does: 'a live overlay' },
      { name: 'facts', value: { name: 'FILE', kind: 'file' }, does: 'write what was seen to FILE, for a bug report' },
      { name: 'redact', does: 'with --facts: whatever a user said becomes pseudonyms; words of ovl, of the kernel and of every system stay' },
      { name: 'from-facts', value: { name: 'FILE', kind: 'file' }, does: 'judge what was seen elsewhere' },
      { name: 'code', value: { name: 'CODE', kind: 'word' }, does: 'all about one finding' },
    ],
    positionals: { ...MOUNT_POSITIONALS, min: 0 },
    rest: true,
    examples: [
      ['ovl diagnose -l over -l base -u changes /tmp/merged', 'words, before they are used'],
      ['ovl diagnose -- mount -t overlay overlay -o lowerdir=over:base /tmp/merged', 'a command, as it was pasted'],
      ["ovl diagnose --message 'mount: /m: Stale file handle'", 'an error text'],
    ],
    load: () => import('./diagnose.ts'),
  },
  {
    name: 'doctor', family: 'check', kind: 'doctor', summary: 'what works here: kernel, rights and file system, tried out',
    usage: ['[DIR]'],
    details: [
      'Each feature is tried in private namespaces on a tmpfs, and in a scratch directory inside DIR (the working directory, unless said); nothing of it stays. What is in the way comes last, with what to do. With -v each line has its evidence.',
      'Exit 0: overlays can be used; 1: not at all by this user in this directory; 2: it could not be found out.',
    ],
    options: [],
    positionals: { min: 0, max: 1, value: { name: 'DIR', kind: 'directory' } },
    examples: [['ovl doctor', 'this system, and the working directory'], ['ovl doctor /tmp', 'whether changes can be kept in /tmp']],
    load: () => import('./doctor.ts'),
  },
  {
    name: 'root', family: 'mount', kind: 'live', summary: "the running system's / as a lower, writable at TARGET",
    usage: ['TARGET [--tmpfs [--size SIZE] | -u DIR] [--mkdir]', '--boot ROOT [--size SIZE | -u DEVICE]'],
    details: [
      'To try things out and drop them: the system itself is not changed. Changes go to a fresh tmpfs, or with -u to a directory, best on another file system than /. What is mounted below / is not part of it, and is told.',
      'ovl live enter TARGET works in it; ovl umount TARGET takes it down.',
      'With --boot nothing is mounted. Files are written into the system at ROOT (an unpacked or mounted one; the running one only if ROOT is /) that make it boot so, by initramfs-tools, dracut or the overlayroot package, whichever it has; --dry-run shows them.',
    ],
    options: [
      { name: 'upper', short: 'u', value: { name: 'DIR', kind: 'directory' }, does: 'where changes go' },
      { name: 'tmpfs', does: 'changes go to a fresh tmpfs; the default' },
      { name: 'size', value: { name: 'SIZE', kind: 'text' }, does: 'size of that tmpfs: 64m, 2g, 50%' },
      { name: 'mkdir', does: 'make TARGET and upper' },
      { name: 'boot', does: 'make the system at ROOT boot with its root as a lower' },
      DRY_RUN,
    ],
    positionals: { min: 1, max: 1, value: { name: 'TARGET', kind: 'directory' } },
    examples: [['ovl root --mkdir /tmp/try', 'a writable view of the running system; ovl umount drops it']],
    load: () => import('./root.ts'),
  },
  {
    name: 'live plan', family: 'mount', kind: 'live-plan', summary: 'what a live medium would stack, in which order, and what is odd about it',
    usage: ['SOURCE', 'SOURCE --cmdline TEXT', 'IMAGE…'],
    details: [
      'SOURCE is an ISO image, a drive, the top directory of a mounted or unpacked medium, or squashfs images by themselves. The rules are those of casper (Ubuntu and its kin) and live-boot (Debian and its kin). Nothing is mounted, and no root is needed.',
      'Which layers there are can depend on the boot line: layerfs-path=, module=, live-media-path=, toram, persistent. It is that of the default boot entry, unless --cmdline says another.',
      'Exit 0: it can be stacked; 32: an error was found, such as a missing layer, or no live system.',
    ],
    options: [{ name: 'cmdline', value: { name: 'TEXT', kind: 'text' }, does: 'answer for this kernel command line' }],
    positionals: { min: 1, value: { name: 'SOURCE', kind: 'file' } },
    examples: [['ovl live plan /tmp/debian-live.iso', 'its layers, topmost first'], ['ovl live plan /tmp/debian-live.iso --cmdline persistence', 'the same, booted with other words']],
    load: () => import('./live-plan.ts'),
  },
  {
    name: 'live mount', family: 'mount', kind: 'live', summary: 'mount a live system, writable, as it would mount itself',
    usage: ['SOURCE TARGET [--size N] [--toram] [--cmdline WORDS]', 'SOURCE TARGET --persist DIR|IMAGE|DEVICE|LABEL=NAME', 'SOURCE TARGET --persist IMAGE --size N', 'IMAGE… TARGET'],
    details: [
      'SOURCE is an ISO file or drive, or the top directory of a medium. Its images are attached where they lie, read-only: nothing is copied or unpacked, and the kernel needs no iso9660. They are stacked as the live system itself would stack them; ovl live plan tells how.',
      'Changes go to a tmpfs and are lost with the mount, or with --persist to a place from which the live system can boot: casper finds upper and work there, live-boot does what persistence.conf says. An IMAGE that is not there is made, of --size, with ext4 and the label the live system looks for.',
    ],
    options: [
      { name: 'persist', value: { name: 'PLACE', kind: 'file' }, does: 'keep changes: in a directory, an image, a block device, or the disk with LABEL=NAME' },
      { name: 'size', value: { name: 'SIZE', kind: 'text' }, does: 'of the tmpfs (64m, 2g, 50%; default as the live system has it), or of the image that --persist makes' },
      { name: 'toram', does: 'copy the layers into memory first, as a boot line with toram does' },
      { name: 'cmdline', value: { name: 'WORDS', kind: 'text' }, does: 'answer for this kernel command line, not for that of the default boot entry' },
      { name: 'mkdir', does: 'make TARGET' },
      DRY_RUN,
    ],
    positionals: { min: 2, value: { name: 'TARGET', kind: 'file' } },
    examples: [
      ['ovl live mount /tmp/live.iso --mkdir /tmp/livecd', 'look into it, change it, forget the changes'],
      ['ovl live mount /tmp/live.iso --mkdir /tmp/kept --persist /tmp/p.img --size 4g', 'keep the changes, on a disk to boot with'],
    ],
    load: () => import('./live-mount.ts'),
  },
  {
    name: 'live enter', family: 'mount', kind: 'live', summary: 'work inside a mounted system, as its root', attached: true,
    usage: ['TARGET [--env NAME[=VALUE]]… [-- CMD …]', 'TARGET --share-host [-- CMD …]'],
    details: [
      'CMD, or a shell, with TARGET as its root directory, in namespaces of its own: /proc, /sys (read-only), a /dev of its own, a fresh /run and the name servers of this system. Services are not started. Whichever way CMD ends, nothing of that stays mounted and no process stays behind.',
      'What the programs of TARGET cannot reach: the files, processes, block devices and kernel settings of this system; its environment, but for words such as TERM, LANG and TZ; open files but standard input, output and errors; your terminal, in place of which they have one of their own. They have the capabilities that container engines give to root: package managers and initramfs tools work, mount does not.',
      'What they share with this system: the kernel, with its faults; the network, with all that listens on it here; memory, processors, and the disk that changes go to, of which they can use up all. They are root for what they can reach: all of TARGET, and what you mounted in it. What they leave there is real on this system too: keep TARGET where no other user can reach it, as a setuid program in it works for all who can.',
      'With --share-host CMD gets the devices, the environment and the terminal of this system too, and all rights of root: its programs can then do anything to this system. It is for trees that you trust, and for programs that mount.',
      'The exit status is that of CMD; 126: it cannot be run, 127: it is not there.',
    ],
    options: [
      { name: 'env', many: true, value: { name: 'NAME[=VALUE]', kind: 'text' }, does: 'one more variable for the environment of CMD; without a value, that which it has here' },
      { name: 'share-host', does: 'give CMD the devices, the environment and all rights of this system' },
    ],
    positionals: ONE_OVERLAY,
    rest: true,
    examples: [['ovl live enter /tmp/try -- cat /etc/os-release', 'one command'], ['ovl live enter /tmp/try', 'a shell, here in what ovl root mounted']],
    load: () => import('./live-enter.ts'),
  },
  {
    name: 'live status', family: 'mount', kind: 'live', summary: 'what a mounted live system is made of, and the room that is left',
    usage: ['TARGET'],
    options: [],
    positionals: ONE_OVERLAY,
    examples: [['ovl live status /tmp/livecd', 'its layers, where changes go, and how full that is']],
    load: () => import('./live-status.ts'),
  },
  {
    name: 'live pack', family: 'mount', kind: 'live', summary: 'make an image or a medium of a mounted live system, with what was changed in it',
    usage: ['TARGET OUT.squashfs|OUT.iso [--layer]', 'TARGET OUT.img|OUT.tar[.gz|.zst|.xz]'],
    details: [
      'OUT.iso is the medium that TARGET was mounted from, with its boot records and partition table, and one image in place of all that were stacked. OUT.squashfs is that image alone, packed as the original is. OUT.img is for a USB stick: dd writes it. OUT.tar is a backup, with all attributes.',
      'With --layer only what changed is packed, and put on top of the images that are there; what was deleted is deleted on top of them.',
      'What others mounted inside TARGET is not packed, and said. The output is written beside OUT and renamed when it is whole. With SOURCE_DATE_EPOCH set, a squashfs of the same tree is the same bytes.',
    ],
    options: [{ name: 'layer', does: 'pack only what changed, as one more layer' }, DRY_RUN],
    positionals: { min: 2, max: 2, value: { name: 'TARGET', kind: 'file' } },
    examples: [
      ['ovl live pack /tmp/livecd /tmp/mine.iso', 'a medium that boots the changed system'],
      ['ovl live pack /tmp/livecd /tmp/layered.iso --layer', 'the same, with the changes as one more image'],
      ['ovl live pack /tmp/livecd /tmp/mine.squashfs --dry-run', 'which commands would make an image of it'],
      ['ovl live pack /tmp/livecd /tmp/backup.tar.zst', 'a backup'],
    ],
    load: () => import('./live-pack.ts'),
  },
  {
    name: 'live umount', family: 'mount', kind: 'live', summary: 'unmount a live system, with all that was put up for it',
    usage: ['TARGET [-l]'],
    details: ['Takes down what stands in it, the overlay, the tmpfs or disk of its changes, then the images. ovl umount does the same.'],
    options: [{ name: 'lazy', short: 'l', does: 'detach now, let go when it is no longer used' }, DRY_RUN],
    positionals: ONE_OVERLAY,
    examples: [['ovl live umount /tmp/livecd', 'take it down, in order'], ['ovl live umount /tmp/kept', 'and with it the disk of its changes, which is free then']],
    load: () => import('./live-umount.ts'),
  },
  {
    name: 'completion', family: 'look', kind: 'completion', summary: 'completions for a shell, to be sourced',
    usage: ['bash|zsh|fish'],
    options: [],
    positionals: { min: 1, max: 1, value: { name: 'SHELL', kind: 'word', words: ['bash', 'zsh', 'fish'] } },
    examples: [['source <(ovl completion bash)', 'in ~/.bashrc'], ['ovl completion fish | source', 'in config.fish']],
    load: () => import('./completion.ts'),
  },
]
