// A Debian live system, made for real and booted: as `ovl live pack` writes it after it was changed, whole and with a layer on
// top, with a disk that `ovl live mount --persist` made; and an installed one that `ovl root --boot` makes forget.
// Root only. Each boot takes about a minute of an emulated CPU.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootMachine } from '../boot.mjs'
import { kernel } from '../host.mjs'
import { liveMedium } from './medium.mjs'
import { makePackage } from './package.mjs'
import { SCENES } from './scenes.mjs'
import { liveSystem, sh } from './system.mjs'

// Generous: a loaded machine is slow, and a boot that hangs is not to hang the run.
const LIMIT_SECONDS = 600

// Receipts of mounts lie in /run/ovl: here in one that goes with the mount namespace.
const FUNCTIONS = `
mkdir -p /run/ovl
mount -t tmpfs -o mode=0700 tmpfs /run/ovl
ovl() { "$NODE" "$PROJECT/bin/ovl.js" "$@"; }
say() { printf '\\n@%s\\n' "$1"; shift; "$@"; }
`

/** Boots each scene whose name holds one of `names`, and calls `on` as runGuest does. */
export async function runLive({ cache, project, run, names }, on) {
  const scenes = SCENES.filter(({ name }) => names.length === 0 || names.some(wanted => `live ${name}`.includes(wanted)))
  if (scenes.length === 0) return
  const timed = (what, work) => {
    const began = performance.now()
    const done = work()
    on.boot(`live: ${what} in ${seconds(began)} s`)
    return done
  }
  const linux = kernel(cache)
  const system = timed('Debian tree', () => liveSystem(cache, linux))
  const iso = timed('medium', () => liveMedium(cache, system))
  const place = join(run, 'live')
  mkdirSync(place)
  const deb = makePackage(place)
  // What is made by one scene and used by the next.
  const made = new Map()
  const once = (name, make) => made.get(name) ?? made.set(name, make()).get(name)
  const session = (what, script, env = {}) => timed(what, () => sections(sh(FUNCTIONS + script, [], { NODE: process.execPath, PROJECT: project, ISO: iso, DEB: deb, PLACE: place, ...env })))
  for (const scene of scenes) {
    const began = performance.now()
    const judge = (name, check) => {
      try {
        check()
        on.test({ result: 'passed', file: `live ${scene.name}`, name })
      } catch (error) {
        on.test({ result: 'failed', file: `live ${scene.name}`, name, why: error.message })
      }
    }
    const lines = []
    try {
      const world = { linux, system, iso, place, once, session }
      const { machine, said } = scene.prepare(world)
      const asked = performance.now()
      const report = await boot(machine, place, lines)
      on.boot(`live ${scene.name}: booted and down after ${seconds(asked)} s`)
      const after = scene.after?.(world)
      for (const [name, check] of Object.entries(scene.checks)) judge(name, () => check({ said, report, after }))
    } catch (error) {
      on.test({ result: 'failed', file: `live ${scene.name}`, name: 'boots', ms: Math.round(performance.now() - began), why: `${error.stack}\n${lines.slice(-60).join('\n')}` })
    }
  }
  rmSync(place, { recursive: true })
}

const seconds = began => ((performance.now() - began) / 1000).toFixed(1)

async function boot(machine, place, lines) {
  const file = join(place, 'report')
  writeFileSync(file, '')
  const running = bootMachine({ memory: 1024, ...machine, report: file, seconds: LIMIT_SECONDS })
  for await (const line of running.lines) {
    lines.push(line)
    // Nobody is there to log in, or to choose.
    if (/You are in emergency mode|^\(initramfs\)|^grub>|Shell>/.test(line)) running.stop()
  }
  const { timedOut } = await running.ended
  if (timedOut) throw new Error(`the guest took longer than ${LIMIT_SECONDS} s`)
  const report = sections(readFileSync(file, 'utf8'))
  if (report.end === undefined) throw new Error(`the guest ended without its whole report: ${JSON.stringify(report)}`)
  return report
}

/** `@name` and what follows, as an object. */
function sections(text) {
  return Object.fromEntries(text.replaceAll('\r', '').split(/^@(?=\w+$)/m).slice(1).map(part => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1).trim()]))
}
