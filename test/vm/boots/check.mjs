// Runs in the guest as a service, when the boot has come to rest: looks at what is mounted, tries each place, and says it over ttyS1 as JSON.
// What it is to try is in plan.json beside it.

import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, readdirSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const plan = JSON.parse(readFileSync(new URL('plan.json', import.meta.url), 'utf8'))
const run = (...words) => {
  const { status, stdout, stderr } = spawnSync(words[0], words.slice(1), { encoding: 'utf8', maxBuffer: 1 << 26 })
  return { status, stdout, stderr }
}
const uptime = () => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])

const report = { reached: uptime() }
try {
  // Mounts with nofail may still be waiting for their disks; this service is a job of its own.
  while (uptime() < plan.patience && jobs().length > 0) await sleep(500)
  report.rest = uptime()
  report.mounts = mounts()
  report.units = units()
  report.places = Object.fromEntries(plan.places.map(place => [place, look(place)]))
  report.afterwards = Object.fromEntries(plan.stop.map(place => [place, stop(place)]))
  report.log = run('journalctl', '-b', '-o', 'cat', '--no-pager').stdout
} catch (error) {
  report.error = error.stack
}
const line = openSync('/dev/ttyS1', 'w')
const text = Buffer.from(`${JSON.stringify(report)}\n`)
for (let at = 0; at < text.length;) at += writeSync(line, text, at, Math.min(4096, text.length - at))
closeSync(line)
execFileSync('systemctl', ['--no-block', 'poweroff'])

function jobs() {
  return run('systemctl', 'list-jobs', '--no-legend', '--plain').stdout.split('\n').filter(job => job !== '' && !/ (check\.service|multi-user\.target|graphical\.target|systemd-update-utmp-runlevel\.service) /.test(job))
}

function mounts() {
  return readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n').map(one => {
    const fields = one.split(' ')
    const tail = fields.slice(fields.indexOf('-') + 1)
    return { at: fields[4], type: tail[0], source: tail[1], options: tail[2] }
  })
}

function units() {
  const text = run('systemctl', 'show', '--all', '-p', 'Id,ActiveState,Result,ActiveEnterTimestampMonotonic,Before', '*.mount', '*.automount', 'local-fs.target').stdout
  return Object.fromEntries(text.trim().split('\n\n').map(block => {
    const unit = Object.fromEntries(block.split('\n').map(pair => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
    return [unit.Id, { state: unit.ActiveState, result: unit.Result, at: Number(unit.ActiveEnterTimestampMonotonic), before: (unit.Before ?? '').split(' ') }]
  }))
}

/** What is in a place, and whether it can be written. The look is what brings an automount up. */
function look(place) {
  const attempt = action => { try { return action() } catch (error) { return error.code } }
  return {
    names: attempt(() => readdirSync(place).sort()),
    write: attempt(() => { writeFileSync(`${place}/written`, 'x'); return 'ok' }),
    type: mounts().findLast(({ at }) => at === place)?.type,
  }
}

/** Stops the unit of a place, and says what is left of it. */
function stop(place) {
  const unit = run('systemd-escape', '--path', '--suffix=mount', place).stdout.trim()
  const stopped = run('systemctl', 'stop', unit)
  return {
    status: stopped.status, said: stopped.stderr,
    mounts: mounts().filter(({ at }) => at === place || at.startsWith('/run/ovl/')).map(({ at }) => at),
    files: existsSync('/run/ovl') ? readdirSync('/run/ovl') : [],
    loops: readdirSync('/sys/block').filter(name => name.startsWith('loop') && statSync(`/sys/block/${name}`).isDirectory() && existsSync(`/sys/block/${name}/loop/backing_file`)),
    utab: existsSync('/run/mount/utab') ? readFileSync('/run/mount/utab', 'utf8') : '',
  }
}
