// Debian 12, made by mmdebstrap, booted with the fstab and the units that ovl writes: whether systemd and mount(8) bring up
// what was said, in order, and what the log tells where a disk is missing. Each boot takes some 25 s of an emulated CPU.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootMachine } from '../boot.mjs'
import { makeImage } from '../debian.mjs'
import { kernel, output } from '../host.mjs'
import { makeInitramfs } from '../image.mjs'
import { find } from '../programs.mjs'
import { SCENES } from './scenes.mjs'
import { makeSystem } from './system.mjs'

const LIMIT_SECONDS = 240

/** Boots each scene whose name holds one of `names`, and calls `on` as runGuest does. */
export async function runBoots({ cache, project, vm, run, names }, on) {
  const scenes = SCENES.filter(({ name }) => names.length === 0 || names.some(wanted => `boots ${name}`.includes(wanted)))
  if (scenes.length === 0) return
  const linux = kernel(cache)
  const initramfs = makeInitramfs(run, linux, vm)
  const tree = makeSystem({ cache, project, linux, to: join(run, 'system') })
  layDown(tree, run)
  for (const scene of scenes) {
    const began = performance.now()
    const lines = []
    try {
      const report = await boot(scene, { linux, initramfs, tree, run }, lines)
      on.boot(`${scene.name}: at rest after ${report.rest.toFixed(1)} s, ${((performance.now() - began) / 1000).toFixed(1)} s in all`)
      if (process.env.OVL_VM_SHOW !== undefined) writeFileSync(join(process.env.OVL_VM_SHOW, `${scene.name.replaceAll(' ', '-')}.json`), JSON.stringify(report, null, 1))
      const failed = Object.entries(scene.checks).filter(([name, check]) => !judge(scene, name, () => check(report), on))
      if (failed.length > 0) report.log.split('\n').filter(line => /mount|ovl|depend|fail|error/i.test(line)).slice(-80).forEach(on.line)
    } catch (error) {
      on.test({ result: 'failed', file: `boots ${scene.name}`, name: 'boots', ms: Math.round(performance.now() - began), why: `${error.stack}\n${lines.slice(-60).join('\n')}` })
    }
  }
}

/** Whether it holds. */
function judge(scene, name, check, on) {
  try {
    check()
    on.test({ result: 'passed', file: `boots ${scene.name}`, name })
    return true
  } catch (error) {
    on.test({ result: 'failed', file: `boots ${scene.name}`, name, why: error.message })
    return false
  }
}

/** Layers and images that the scenes stand on. */
function layDown(tree, run) {
  const put = (path, text) => { mkdirSync(join(tree, path, '..'), { recursive: true }); writeFileSync(join(tree, path), text) }
  put('srv/base/from-base', 'base')
  put('srv/over/from-over', 'over')
  mkdirSync(join(run, 'tools'))
  writeFileSync(join(run, 'tools/from-tools'), 'tools')
  mkdirSync(join(tree, 'images'))
  output(find('mksquashfs'), [join(run, 'tools'), join(tree, 'images/tools.squashfs'), '-quiet', '-no-progress'])
  mkdirSync(join(tree, 'opt/tools'), { recursive: true })
}

/** Runs the scene's own commands in the system, in a mount namespace where it is the root, so that nothing of this machine is seen or kept. */
function write(tree, { write: script, env = {} }) {
  output('unshare', ['--mount', '--propagation', 'private', 'sh', '-euc', 'mount --bind "$1" "$1"; mount --rbind /proc "$1/proc"; mount --rbind /dev "$1/dev"; exec chroot "$1" sh -euc "$2"', 'sh', tree, script], { env: { PATH: '/usr/local/bin:/usr/sbin:/usr/bin', LANG: 'C.UTF-8', ...env } })
}

async function boot(scene, { linux, initramfs, tree, run }, lines) {
  const place = join(run, scene.name.replaceAll(' ', '-'))
  mkdirSync(place)
  const disks = (scene.disks ?? []).map(({ label, dirs }) => {
    const content = join(place, label)
    for (const dir of dirs) mkdirSync(join(content, dir), { recursive: true })
    return makeImage(content, join(place, `${label}.ext4`), { size: '64M', label })
  })
  for (const [path, text] of Object.entries(scene.files ?? {})) {
    mkdirSync(join(tree, path, '..'), { recursive: true })
    writeFileSync(join(tree, path), text)
  }
  for (const dir of scene.dirs ?? []) mkdirSync(join(tree, dir), { recursive: true })
  writeFileSync(join(tree, 'etc/fstab'), scene.fstab.join('\n') + '\n')
  write(tree, scene)
  if (process.env.OVL_VM_SHOW !== undefined) writeFileSync(join(process.env.OVL_VM_SHOW, `${scene.name.replaceAll(' ', '-')}.fstab`), readFileSync(join(tree, 'etc/fstab')))
  writeFileSync(join(tree, 'check/plan.json'), JSON.stringify({ patience: 60, places: scene.places, stop: scene.stop ?? [] }))
  const root = makeImage(tree, join(place, 'root.ext4'))
  const report = join(place, 'report')
  const machine = bootMachine({
    kernel: linux.image, initramfs, disks: [root, ...(scene.without ? [] : disks)], report, seconds: LIMIT_SECONDS,
    append: 'console=ttyS0 second_stage=/sbin/init loglevel=3 oops=panic panic=-1 mitigations=off systemd.mask=getty.target systemd.mask=systemd-timesyncd.service systemd.mask=apt-daily.timer systemd.log_color=0',
  })
  for await (const line of machine.lines) {
    lines.push(line)
    // Nobody is there to log in.
    if (line.includes('You are in emergency mode')) machine.stop()
  }
  const { timedOut } = await machine.ended
  if (timedOut) throw new Error(`the guest took longer than ${LIMIT_SECONDS} s`)
  const said = readFileSync(report, 'utf8')
  if (said === '') throw new Error('the guest ended without a report')
  rmSync(place, { recursive: true })
  const told = JSON.parse(said)
  if (told.error !== undefined) throw new Error(`the check in the guest failed: ${told.error}`)
  return { ...told, console: lines }
}
