/**
 * What a program in an entered tree gets, and what it does not: lists that container engines have used for years, so
 * that package managers are known to work with them. A table and a pure function; host/enter-view.ts acts on it.
 */

/**
 * The capabilities (capabilities(7), by number) that Docker and Podman leave to root. With them a package manager can
 * do all it does to files; missing are those by which root rules the machine: mounts, modules, raw disks, the clock.
 */
export const CAPABILITIES: ReadonlySet<number> = new Set([
  0, // CAP_CHOWN
  1, // CAP_DAC_OVERRIDE
  3, // CAP_FOWNER
  4, // CAP_FSETID
  5, // CAP_KILL
  6, // CAP_SETGID
  7, // CAP_SETUID
  8, // CAP_SETPCAP
  10, // CAP_NET_BIND_SERVICE
  13, // CAP_NET_RAW
  18, // CAP_SYS_CHROOT
  27, // CAP_MKNOD: to make nodes, which cannot be opened where the mount is nodev
  29, // CAP_AUDIT_WRITE
  31, // CAP_SETFCAP
])

/** maskedPaths and readonlyPaths, the defaults of the OCI runtime spec; runc, crun and containerd have the same. */
export const MASKED = {
  proc: ['acpi', 'asound', 'interrupts', 'kcore', 'keys', 'latency_stats', 'timer_list', 'timer_stats', 'sched_debug', 'scsi'],
  sys: ['firmware', 'devices/virtual/powercap'],
} as const
export const READ_ONLY = { proc: ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'] } as const

/** The nodes of /dev that every program may count on, and where its symlinks lead. */
export const NODES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'] as const
export const DEV_LINKS = { fd: '/proc/self/fd', stdin: '/proc/self/fd/0', stdout: '/proc/self/fd/1', stderr: '/proc/self/fd/2', ptmx: 'pts/ptmx' } as const

/** Says nothing that is secret, and programs look or speak otherwise without it. */
const PASSED = /^(?:TERM|COLORTERM|NO_COLOR|FORCE_COLOR|CLICOLOR(?:_FORCE)?|LANG|LANGUAGE|LC_[A-Z]+|TZ|COLUMNS|LINES|DEBIAN_FRONTEND|DEBIAN_PRIORITY|DEBCONF_[A-Z_]+|APT_LISTCHANGES_FRONTEND|NEEDRESTART_[A-Z]+|UCF_[A-Z_]+|SOURCE_DATE_EPOCH)$/

/** The environment of a command in the tree: of `ours` what is named above, the usual words set fresh, `more` on top. */
export function environmentInside(ours: Readonly<Record<string, string | undefined>>, shell: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const passed = Object.entries(ours).filter((pair): pair is [string, string] => PASSED.test(pair[0]) && pair[1] !== undefined)
  // systemctl says that it starts nothing, in place of failing: it cannot see by itself that this is no booted system.
  const fresh = { SYSTEMD_OFFLINE: '1', HOME: '/root', USER: 'root', LOGNAME: 'root', SHELL: shell, PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }
  return { ...Object.fromEntries(passed), ...fresh, ...more }
}
