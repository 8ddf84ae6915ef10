/**
 * Attacks of a hostile tree on the host, by its symlinks (no program of it has to run) and by its programs, when it is
 * entered with `ovl live enter`. Each of them succeeded while that was a chroot with files made by path.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { BIN, runChild } from '../../support/command.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { inside, smallSystem } from './small-system.ts'

const ground = makeGround()
const skip = !hasTool('busybox') || !existsSync('/etc/resolv.conf')

/** Every entry below a directory of the host, with what it holds. */
function listing(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort().map((name) => {
    const stat = statSync(`${dir}/${name}`)
    return `${name} ${stat.mode.toString(8)} ${stat.isFile() ? `${stat.ino} ${readFileSync(`${dir}/${name}`, 'utf8')}` : ''}`
  })
}

/** A directory of the host that is laid out so that each of the links below finds what it looks for. */
function makeVictim(): string {
  const victim = mkdtempSync(`${ground}/victim-`)
  for (const name of ['sbin', 'etc', 'live', 'persistence', 'lock', 'ovl']) mkdirSync(`${victim}/${name}`)
  for (const name of ['precious', 'resolv.conf', 'live/precious']) writeFileSync(`${victim}/${name}`, 'of the host\n')
  writeFileSync(`${victim}/empty`, '')
  return victim
}

const evil = (tree: string, at = 'run/live/persistence/evil', to = '/'): void => {
  mkdirSync(`${tree}/${at}`.replace(/\/[^/]+$/, ''), { recursive: true })
  symlinkSync(to, `${tree}/${at}`)
}
const replace = (tree: string, name: string, to: string): void => {
  rmSync(`${tree}/${name}`, { recursive: true, force: true })
  symlinkSync(to, `${tree}/${name}`)
}

const LINKS: readonly (readonly [string, (tree: string, victim: string) => void])[] = [
  ['resolv.conf by a link among those of persistence', (tree, victim) => { evil(tree); symlinkSync(`/run/live/persistence/evil${victim}/precious`, `${tree}/etc/resolv.conf`) }],
  ['resolv.conf so, relative', (tree, victim) => { evil(tree); symlinkSync(`../run/live/persistence/evil${victim}/precious`, `${tree}/etc/resolv.conf`) }],
  ['resolv.conf by a link deeper among them', (tree, victim) => { evil(tree, 'run/live/persistence/disk/way'); symlinkSync(`/run/live/persistence/disk/way${victim}/new`, `${tree}/etc/resolv.conf`) }],
  ['policy-rc.d by a link among those of persistence', (tree, victim) => { evil(tree); symlinkSync(`/run/live/persistence/evil${victim}/precious`, `${tree}/usr/sbin/policy-rc.d`) }],
  ['resolv.conf straight', (tree, victim) => symlinkSync(`${victim}/resolv.conf`, `${tree}/etc/resolv.conf`)],
  ['policy-rc.d straight', (tree, victim) => symlinkSync(`${victim}/empty`, `${tree}/usr/sbin/policy-rc.d`)],
  ['/etc', (tree, victim) => replace(tree, 'etc', victim)],
  ['/usr/sbin', (tree, victim) => replace(tree, 'usr/sbin', victim)],
  ['/usr', (tree, victim) => replace(tree, 'usr', victim)],
  ['/run', (tree, victim) => { replace(tree, 'run', victim); symlinkSync('/run/live/precious', `${tree}/etc/resolv.conf`) }],
  ['/run/live', (tree, victim) => { evil(tree, 'run/live', victim); symlinkSync('/run/live/precious', `${tree}/etc/resolv.conf`) }],
  ['/run/live/persistence', (tree, victim) => { evil(tree, 'run/live/persistence', victim); symlinkSync('/run/live/persistence/precious', `${tree}/etc/resolv.conf`) }],
  ['/dev, /proc and /sys', (tree, victim) => { for (const name of ['dev', 'proc', 'sys']) replace(tree, name, victim) }],
  ['/bin/sh, by which the shell is found', (tree, victim) => { writeFileSync(`${tree}/etc/resolv.conf`, ''); symlinkSync(`${victim}/precious`, `${tree}/bin/bash`) }],
]

for (const options of [[], ['--share-host']]) {
  test.each(LINKS)(`a symlink of the tree changes nothing of the host: %s ${options.join('')}`, { skip }, async (_name, arrange) => {
    const victim = makeVictim()
    await using at = await smallSystem(ground, (tree) => arrange(tree, victim))
    const before = listing(victim)
    expect(inside(at.target, 'exit 3', options).code).toBe(3)
    expect(listing(victim)).toEqual(before)
  })
}

test.each([[[]], [['--share-host']]])('a program of the tree cannot have a file of the host taken for the one that ovl made: %j', { skip }, async (options) => {
  const victim = mkdtempSync(`${ground}/victim-`)
  for (const name of ['resolv.conf', 'policy-rc.d']) writeFileSync(`${victim}/${name}`, '')
  await using at = await smallSystem(ground, (tree) => { for (const name of ['etc', 'usr/sbin']) rmSync(`${tree}/${name}`, { recursive: true }) })
  // In upper alone, where they can be renamed.
  for (const name of ['etc', 'usr/sbin']) mkdirSync(`${at.target}/${name}`)
  const before = listing(victim)
  expect(inside(at.target, `mv /etc /old && ln -s ${victim} /etc && mv /usr/sbin /usr/old && ln -s ${victim} /usr/sbin && echo moved`, options).stdout).toBe('moved\n')
  expect(listing(victim)).toEqual(before)
})

test('/var -> /var leads to the tree’s own', { skip }, async () => {
  await using at = await smallSystem(ground, (tree) => symlinkSync('/var', `${tree}/var`))
  expect(inside(at.target, 'ls /var/; exit 0').stdout).toBe('')
})

test('no process of another root can be reached by /proc', { skip }, async () => {
  const victim = makeVictim()
  await using at = await smallSystem(ground)
  const script = `for p in /proc/[0-9]* /proc/self; do
    for way in root cwd fd/3/.. ; do cat "$p/$way${victim}/precious" 2>/dev/null; done
    for f in $p/fd/*; do cat "$f${victim}/precious" "$f/victim" 2>/dev/null; done
  done
  for secret in root/ exe environ maps mem cwd/; do ls /proc/1/$secret >/dev/null 2>&1 && head -c 1 /proc/1/$secret >/dev/null 2>&1 && echo "/proc/1/$secret"; done
  ls -l /proc/1/fd/ 2>/dev/null | grep -e '->'; ls /proc/1/root/ /proc/1/map_files/ 2>/dev/null | grep -v :
  true`
  expect(inside(at.target, script)).toEqual({ code: 0, stdout: '', stderr: '' })
})

test('the first process of the namespaces opens no debugger', { skip }, async () => {
  await using at = await smallSystem(ground)
  // Port 9229, on which it would listen; and it would say so.
  const script = 'for i in 1 2 3 4 5; do kill -USR1 1; sleep 0.2; cat /proc/1/net/tcp | grep -i "0100007F:240D "; done; true'
  expect(inside(at.target, script)).toEqual({ code: 0, stdout: '', stderr: '' })
})

test('the environment of the caller is not seen, anywhere', { skip }, async () => {
  await using at = await smallSystem(ground)
  const env = { MARKED_TOKEN: 'marked-secret', AWS_SECRET_ACCESS_KEY: 'marked-secret', LD_PRELOAD_X: 'marked-secret', TERM: 'xterm', LC_TIME: 'C', DEBIAN_FRONTEND: 'noninteractive' }
  const { stdout } = inside(at.target, 'cat /proc/[0-9]*/environ; env', [], { env })
  expect(stdout).not.toContain('marked-secret')
  expect(stdout).toContain('TERM=xterm')
  expect(stdout).toContain('LC_TIME=C')
  expect(stdout).toContain('DEBIAN_FRONTEND=noninteractive')
})

test('no descriptor above 2 is inherited', { skip: skip || !hasTool('bash') }, async () => {
  await using at = await smallSystem(ground)
  writeFileSync(`${ground}/secret`, 'marked-secret\n')
  const script = 'exec 9<"$1" 4</ 200<"$1" 17</; shift; exec "$@"'
  const ran = runChild('bash', ['-c', script, 'bash', `${ground}/secret`, process.execPath, BIN, 'live', 'enter', at.target, '--', '/bin/sh', '-c', 'cat /proc/*/fd/9 /proc/*/fd/200 2>/dev/null; for fd in /proc/self/fd/*; do echo "${fd##*/}"; done'])
  // The last is that of the listing.
  expect(ran.stdout).toBe('0\n1\n2\n3\n')
})

test('the block devices of the host cannot be read: by /dev, by a node of the tree, by one made inside', { skip: skip || !hasTool('losetup') }, async ({ skip: skipNow }) => {
  writeFileSync(`${ground}/disk`, 'marked-secret'.padEnd(4096))
  const made = spawnSync('losetup', ['--find', '--show', `${ground}/disk`], { encoding: 'utf8' })
  skipNow(made.status !== 0, 'no loop device can be had here')
  const device = made.stdout.trim()
  try {
    const minor = device.replace('/dev/loop', '')
    await using at = await smallSystem(ground, (tree) => execFileSync('mknod', [`${tree}/etc/planted`, 'b', '7', minor]))
    const script = `find /dev -type b
      for dir in /root /dev /dev/shm /run /tmp; do mknod $dir/b b 7 ${minor} 2>/dev/null; head -c 13 $dir/b 2>/dev/null; done
      mount -o remount,bind,dev / 2>/dev/null; mount -t tmpfs x /root 2>/dev/null && mknod /root/c b 7 ${minor} && head -c 13 /root/c
      head -c 13 /etc/planted 2>/dev/null; head -c 13 ${device} 2>/dev/null; true`
    expect(inside(at.target, script).stdout).toBe('')
  } finally {
    execFileSync('losetup', ['--detach', device])
  }
})

test('nothing of the kernel that all share can be set', { skip }, async () => {
  await using at = await smallSystem(ground)
  const files = ['/proc/sys/vm/swappiness', '/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/proc/irq/default_smp_affinity', '/sys/kernel/profiling', '/sys/kernel/mm/ksm/run'].filter((file) => existsSync(file))
  // Opened only, never written.
  const open = files.map((file) => `{ : >> ${file}; } 2>/dev/null && echo ${file}`).join('\n')
  const around = 'mount -o remount,rw /proc/sys; mount -o remount,rw,bind /proc/sys; mount -o remount,rw /sys; umount /proc/sys; mount -t proc p /root; mount -t sysfs s /root'
  expect(inside(at.target, `${open}\n{ ${around}; } 2>/dev/null\n${open}\ntrue`).stdout).toBe('')
  expect(inside(at.target, 'for f in kcore keys timer_list latency_stats; do head -c 1 /proc/$f 2>/dev/null; done; ls /sys/firmware /proc/scsi /proc/acpi 2>/dev/null | grep -v :; true').stdout.trim()).toBe('')
})

test('a device node that is shared with the host keeps its mode and owner', { skip }, async () => {
  await using at = await smallSystem(ground)
  const before = statSync('/dev/null')
  // To what it is already: an attack that succeeds would spoil the machine.
  expect(inside(at.target, 'echo x >/dev/null; echo x >/dev/zero; head -c 2 /dev/urandom >/dev/full; chmod 666 /dev/null 2>/dev/null && echo chmod; chown 0:0 /dev/null 2>/dev/null && echo chown; true').stdout).toBe('')
  expect(statSync('/dev/null').ctimeMs).toBe(before.ctimeMs)
})

test('the programs have the capabilities that container engines give, and the host’s name stays', { skip }, async () => {
  await using at = await smallSystem(ground)
  const caps = /^CapBnd:\t(\w+)\nCapAmb:\t(\w+)$/m.exec(inside(at.target, 'cat /proc/self/status').stdout)?.slice(1)
  expect(caps).toEqual(['00000000a80425fb', '0000000000000000'])
  expect(inside(at.target, 'hostname changed 2>/dev/null && echo changed; true').stdout).toBe('')
})

/** Pushes a line into every terminal that it has, as if it had been typed. */
const PUSH = `#include <fcntl.h>
#include <sys/ioctl.h>
static void push(int fd) { const char *c; for (c = "pushed\\n"; *c; c++) ioctl(fd, TIOCSTI, c); }
int main(void) { int fd; for (fd = 0; fd < 10; fd++) push(fd); push(open("/dev/tty", O_RDWR)); push(open("/proc/self/fd/2", O_RDWR)); push(open("/proc/self/fd/0", O_RDWR)); return 5; }
`
const noTerminal = skip || !hasTool('script') || !hasTool('gcc') || !hasTool('bash')
/** Where script(1) is not installed. */
const BARE = `${ground}/bare`
mkdirSync(BARE)
for (const name of ['sh', 'setpriv', 'unshare']) symlinkSync(spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' }).stdout.trim(), `${BARE}/${name}`)

test.each([
  ['all of it is a terminal', '', undefined],
  ['its output goes elsewhere', '>"$OUT"', undefined],
  ['its input comes from elsewhere', '</dev/null', undefined],
  ['only its errors are a terminal', '</dev/null >"$OUT"', undefined],
  ['only its input is', '>"$OUT" 2>&1', undefined],
  ['script is not installed', '', BARE],
])('no keys are pushed into the terminal of the caller: %s', { skip: noTerminal }, async (_name, redirected, path) => {
  const dir = mkdtempSync(`${ground}/push-`)
  writeFileSync(`${dir}/push.c`, PUSH)
  execFileSync('gcc', ['-static', '-o', `${dir}/push`, `${dir}/push.c`])
  await using at = await smallSystem(ground, (tree) => execFileSync('cp', [`${dir}/push`, `${tree}/bin/push`]))
  writeFileSync(`${dir}/attack`, `PATH="\${ONLY-$PATH}" "$NODE" "$OVL" live enter "$AT" -- /bin/push ${redirected}
    echo "status $?"; IFS= read -r -t 1 line; echo "typed:$line."\n`)
  // An input that does not end: the terminal would pass the end on, before anything else.
  const terminal = 'mkfifo "$DIR/keys"; exec script -qec "bash $DIR/attack" /dev/null 0<>"$DIR/keys"'
  const { stdout } = runChild('bash', ['-c', terminal], { env: { NODE: process.execPath, OVL: BIN, AT: at.target, DIR: dir, OUT: `${dir}/out`, SHELL: '/bin/sh', ...(path === undefined ? {} : { ONLY: path }) } })
  expect(stdout).toContain('status 5')
  expect(stdout).toContain('typed:.')
})
