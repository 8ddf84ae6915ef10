/**
 * What makes a system boot with its root as the lower of an overlay, as files to be written into it: for initramfs-tools
 * a script that runs before the root is handed over, for dracut a configuration of the module it has for that, and for
 * Debian's overlayroot package its own configuration. Nothing is written here.
 */

import { quoteShell } from '../names/shell.ts'

/** What makes the initial RAM file system of a system. `overlayroot`: initramfs-tools with the package of that name. */
export const BOOT_TOOLS = ['overlayroot', 'initramfs-tools', 'dracut'] as const
export type BootTool = (typeof BOOT_TOOLS)[number]

/** The file by which a tool is known in a system, the more particular first. */
export const TOOL_MARKS: Readonly<Record<BootTool, string>> = {
  overlayroot: '/usr/share/initramfs-tools/scripts/init-bottom/overlayroot',
  'initramfs-tools': '/usr/sbin/update-initramfs',
  dracut: '/usr/bin/dracut',
}

export interface BootRequest {
  /** Size of the tmpfs that changes go to, as tmpfs takes it; default half of the memory. */
  readonly size?: string
  /** A device in place of the tmpfs: a path below /dev, `LABEL=…` or `UUID=…`. */
  readonly device?: string
}

export interface BootFile {
  /** In the system, absolute. */
  readonly path: string
  readonly mode: number
  readonly text: string
}

export interface BootPlan {
  readonly tool: BootTool
  readonly files: readonly BootFile[]
  /** To be run in the system, so that it takes effect. */
  readonly apply: string
  /** How one boot goes without it. */
  readonly without: string
}

const MADE_BY = 'Written by: ovl root --boot. Remove this file to undo it, and make the initial RAM file system anew.'

/** The files, for a tool that the system has. */
export function planBootRoot(tool: BootTool, request: BootRequest): BootPlan {
  return { tool, ...PLANS[tool](request) }
}

const PLANS: Readonly<Record<BootTool, (request: BootRequest) => Omit<BootPlan, 'tool'>>> = {
  overlayroot: (request) => ({
    files: [{ path: '/etc/overlayroot.local.conf', mode: 0o644, text: `# ${MADE_BY}\noverlayroot=${quoteShell(overlayrootWord(request))}\n` }],
    apply: 'update-initramfs -u',
    without: 'overlayroot=disabled',
  }),
  'initramfs-tools': (request) => ({
    files: [
      { path: '/etc/initramfs-tools/hooks/ovl-root', mode: 0o755, text: HOOK },
      { path: '/etc/initramfs-tools/scripts/init-bottom/ovl-root', mode: 0o755, text: initBottom(request) },
    ],
    apply: 'update-initramfs -u',
    without: 'overlayroot=disabled',
  }),
  dracut: ({ size, device }) => ({
    files: [{
      path: '/etc/dracut.conf.d/90-ovl-root.conf',
      mode: 0o644,
      // The first word is that of dracut up to 105, the second that of dracut-ng since; each leaves the other alone.
      text: `# ${MADE_BY}\nadd_dracutmodules+=" overlayfs "\nkernel_cmdline+=" rd.live.overlay.overlayfs=1 rd.overlay=${device ?? (size === undefined ? '1' : `tmpfs:size=${size}`)} "\n`,
    }],
    apply: 'dracut --force',
    without: 'rd.live.overlay.overlayfs=0 rd.overlay=0',
  }),
}

/** Of other disks, which overlayroot would cover as well, nothing was said. */
function overlayrootWord({ size, device }: BootRequest): string {
  return device === undefined ? `tmpfs:swap=1,recurse=0${size === undefined ? '' : `,size=${size}`}` : `device:dev=${device},swap=1,recurse=0`
}

const HOOK = `#!/bin/sh
# ${MADE_BY}
[ "$1" = prereqs ] && exit 0
. /usr/share/initramfs-tools/hook-functions
manual_add_modules overlay
`

/** Runs in the shell of the initial RAM file system, which may have neither sed nor awk. Any failure leaves the plain root. */
function initBottom({ size, device }: BootRequest): string {
  const mount = device === undefined
    ? `mount -t tmpfs -o ${quoteShell(`mode=0755${size === undefined ? '' : `,size=${size}`}`)} ovl-root "$at/rw"`
    : 'mount_device'
  return `#!/bin/sh
# ${MADE_BY}
# The root stays as it is; what is changed goes to ${device === undefined ? 'memory, and is lost with the power' : device}.
# overlayroot=disabled on the kernel command line boots without it.
[ "$1" = prereqs ] && exit 0
case " $(cat /proc/cmdline) " in *" overlayroot=disabled "*) exit 0 ;; esac
. /scripts/functions

at=/run/ovl-root
plain() {
	log_warning_msg "ovl-root: $*; the root is writable as without it"
	exit 0
}
${device === undefined ? '' : `mount_device() {
	left=30
	until device=$(blkid -l -t ${quoteShell(/^(LABEL|UUID)=/.test(device) ? device : `DEVNAME=${device}`)} -o device 2>/dev/null || { [ -b ${quoteShell(device)} ] && echo ${quoteShell(device)}; }) && [ -n "$device" ]; do
		[ "$left" -gt 0 ] || return 1
		left=$((left - 1))
		sleep 1
	done
	mount "$device" "$at/rw"
}
`}
modprobe -q overlay
mkdir -p "$at/lower" "$at/rw" && ${mount} || plain 'nothing to keep changes on'
mkdir -p "$at/rw/upper" "$at/rw/work" || plain 'no room for changes'
mount -o move "$rootmnt" "$at/lower" || plain 'the root cannot be moved'
if ! mount -t overlay -o "lowerdir=$at/lower,upperdir=$at/rw/upper,workdir=$at/rw/work" ovl-root "$rootmnt"; then
	mount -o move "$at/lower" "$rootmnt"
	plain 'the overlay cannot be mounted'
fi
mount -o remount,ro "$at/lower" || log_warning_msg "ovl-root: the root itself stays writable, at $at/lower"

# The line of / would be applied to the overlay.
[ -f "$at/lower/etc/fstab" ] || exit 0
set -f
while IFS= read -r line || [ -n "$line" ]; do
	set -- $line
	case "$1" in
	'' | '#'*) ;;
	*) [ "$2" = / ] && line="#ovl-root# $line" ;;
	esac
	printf '%s\\n' "$line"
done <"$at/lower/etc/fstab" >"$rootmnt/etc/fstab"
`
}
