/**
 * `npm run demo`: what ovl does, shown with the real command on real mounts, as root or as an ordinary user.
 *
 * The mounts are made in a mount namespace of their own, which nobody else sees and which ends with the demo. The outer
 * process (no word) makes a directory, enters the namespaces and removes the directory; the inner one (`--inside`) shows.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, symlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SELF = fileURLToPath(import.meta.url)
const COMMAND = join(dirname(dirname(SELF)), 'bin/ovl.js')
const isRoot = process.getuid() === 0
const hasColor = process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb'

/** Settings that forbid user namespaces, and a value that allows them. */
const FORBIDS = [
  { name: 'user.max_user_namespaces', forbids: '0', allow: '15000' },
  { name: 'kernel.unprivileged_userns_clone', forbids: '0', allow: '1' },
  { name: 'kernel.apparmor_restrict_unprivileged_userns', forbids: '1', allow: '0' },
]

// Ctrl-C is for the commands, which have the terminal too: both processes stay to clear up.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
if (process.argv[2] === '--inside') showAll()
else process.exitCode = enter()

/** Makes the ground and the namespaces, and clears the ground whatever happened inside. */
function enter() {
  const namespaces = ['unshare', ...(isRoot ? [] : ['--user', '--map-root-user']), '--mount', '--propagation', 'private', '--']
  const refusal = whyNot(namespaces)
  if (refusal !== undefined) {
    process.stderr.write(refusal)
    return 1
  }
  const ground = mkdtempSync(join(tmpdir(), 'ovl-demo-'))
  const stateWasThere = existsSync('/run/ovl')
  try {
    mkdirSync(join(ground, '.run'), { mode: 0o700 })
    mkdirSync(join(ground, '.bin'))
    symlinkSync(COMMAND, join(ground, '.bin/ovl'))
    const columns = String(Math.min(process.stdout.columns ?? 80, 100))
    const env = { ...process.env, PATH: `${join(ground, '.bin')}:${process.env.PATH}`, HOME: ground, XDG_RUNTIME_DIR: join(ground, '.run'), COLUMNS: columns }
    const [program, ...args] = [...namespaces, process.execPath, SELF, '--inside']
    const { status } = spawnSync(program, args, { cwd: ground, env, stdio: 'inherit' })
    return status ?? 1
  } finally {
    // What the kernel keeps in a work directory may be removed by the root of a namespace, not by its ordinary user.
    const asRoot = isRoot ? [] : ['unshare', '--user', '--map-root-user', '--']
    const [program, ...args] = [...asRoot, 'rm', '-rf', '--', ground]
    spawnSync(program, args, { stdio: 'inherit' })
    if (!stateWasThere) removeIfEmpty('/run/ovl')
  }
}

/** Why there can be no namespace here, and what allows it; undefined when all is well. */
function whyNot([program, ...args]) {
  const { status, stderr, error } = spawnSync(program, [...args, 'true'], { encoding: 'utf8' })
  if (status === 0) return undefined
  if (error?.code === 'ENOENT') return 'The demo needs unshare(1), from the package util-linux.\n'
  const said = stderr.trim().split('\n')[0]
  if (isRoot) return `The demo mounts in a namespace of its own, and this root may make none:\n  ${said}\nIn a container, start it with --cap-add SYS_ADMIN (or --privileged), or run the demo outside.\n`
  const settings = FORBIDS.filter(({ name, forbids }) => settingOf(name) === forbids)
  const fix = settings.map(({ name, allow }) => `  sudo sysctl ${name}=${allow}\n`).join('')
  return [
    'The demo needs a user namespace, and this system refuses one to ordinary users:\n',
    `  ${said}\n`,
    ...settings.map(({ name, forbids }) => `  ${name} is ${forbids}\n`),
    fix === '' ? 'Run it as root:\n' : `Allow it until the next boot:\n${fix}or run it as root:\n`,
    '  sudo npm run demo\n',
  ].join('')
}

function settingOf(name) {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim()
  } catch {
    return undefined // This kernel has no such setting.
  }
}

function showAll() {
  const rootless = !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'))
  // In a user namespace overlay may keep its notes in user.* attributes only.
  const x = rootless ? ' --userxattr' : ''

  say(`All of this happens in ${process.cwd()},`, `${rootless ? 'as an ordinary user in a user namespace' : 'as root in a mount namespace'} of its own. Nothing is left behind.`)

  title('Two directories as one')
  show('mkdir base over upper merged')
  show('echo base | tee base/a base/b > base/c; echo over > over/c')
  show(`ovl mount -l over -l base -u upper${x} merged`)
  if (rootless) say('(--userxattr is what a writable overlay needs in a user namespace.)')
  show('cd merged; grep . *')
  say('Of a file in several layers the topmost shows: over was said before base.')

  title('Writing and deleting')
  show('echo changed > merged/a; rm merged/b; echo new > merged/d')
  show('ls -m base merged')
  show('ls -l upper')
  say('All changes are in upper. The character device 0, 0 is a whiteout: it hides', 'the file that was deleted, and base keeps it.')

  title('What is mounted')
  show('ovl list')
  show('ovl inspect merged | head -n 9')

  title('"special device overlay does not exist"')
  show("mount -t overlay overlay -o 'lowerdir=over:~/base' merged")
  say('No device is at fault. ovl takes the same words, and says what is:')
  show("ovl mount -t overlay overlay -o 'lowerdir=over:~/base' merged")

  title('Sixty layers')
  show('mkdir sixty layers')
  show("cd layers; mkdir $(seq -f '%02g-as-long-as-container-runtimes-name-layers' 60)")
  show("ovl mount -v $(printf ' -l %s' layers/*) sixty")
  say('mount(2) takes one page of options, 4095 bytes, and cuts the rest in silence.', 'ovl hands the layers over one by one, where the kernel can do that.')

  title('An image as a layer, and a tmpfs for the changes')
  const without = whyNoImage(rootless)
  const image = without === undefined
  if (image) show('mksquashfs base base.squashfs -quiet -no-progress')
  else say(`With base in place of an image of it: ${without}.`)
  show(`ovl mount -l over -l ${image ? 'base.squashfs' : 'base'} --tmpfs${x} --mkdir scratch`)
  show('rm scratch/a; ls -m scratch; ovl list')

  title('Taking it down')
  show('ovl umount -v scratch')
  show('ovl umount sixty merged')
  show('ovl list')
}

/** An image is attached by a loop device, which only root may do. */
function whyNoImage(rootless) {
  if (rootless) return 'only root may attach a squashfs'
  if (spawnSync('sh', ['-c', 'command -v mksquashfs']).status !== 0) return 'mksquashfs is not installed (package squashfs-tools)'
  return existsSync('/dev/loop-control') ? undefined : 'there are no loop devices here'
}

/** A command as it is typed, then what it says: stdout and stderr in the order they come. */
function show(command) {
  print(`${paint(1, `$ ${command}`)}\n`)
  const { signal, status } = spawnSync('sh', ['-c', command], { stdio: ['ignore', 1, 1] })
  if (signal === null && (status ?? 0) < 128) return
  // Interrupted. Each of the three is there or not.
  spawnSync('ovl', ['umount', 'scratch', 'sixty', 'merged'], { stdio: 'ignore' })
  process.exit(130)
}

function title(text) {
  print(`\n${paint('1;36', `== ${text} ==`)}\n`)
}

function say(...lines) {
  for (const line of lines) print(`${paint(2, `# ${line}`)}\n`)
}

function print(text) {
  writeSync(1, text)
}

function paint(code, text) {
  return hasColor ? `\u001b[${code}m${text}\u001b[0m` : text
}

function removeIfEmpty(path) {
  try {
    rmdirSync(path)
  } catch {
    // Somebody else's mounts are noted there by now, or it was never made.
  }
}
