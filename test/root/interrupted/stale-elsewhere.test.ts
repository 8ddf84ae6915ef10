/**
 * `umount --stale` beside mounts that it cannot see: of mount namespaces that live without a process, of other pid
 * namespaces, of mounts that are being made. What they wrote must still be there.
 */

import { execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { readReceiptsAt } from '../../../src/host/receipts.ts'
import { ownNamespace } from '../../../src/host/namespaces.ts'
import { bootId, mountNamespaceId, pidNamespaceId } from '../../../src/host/system.ts'
import type { Finding } from '../../../src/index.ts'
import type { Receipt } from '../../../src/plan/step.ts'
import { BIN, envelope, ovl, runChild } from '../../support/command.ts'
import { makeGround } from '../host/ground.ts'

const ground = makeGround()
const STATE = '/run/ovl'

// Whoever else tests on this machine has his receipts in the same place.
beforeAll(() => execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'run', '/run']))
afterAll(() => execFileSync('umount', ['--lazy', '/run']))

function place(): { readonly target: string; readonly words: readonly string[] } {
  const dir = mkdtempSync(`${ground}/p-`)
  for (const name of ['l', 'm']) mkdirSync(`${dir}/${name}`)
  return { target: `${dir}/m`, words: ['mount', '-l', `${dir}/l`, '--tmpfs', `${dir}/m`] }
}

const stale = (...more: readonly string[]): { targets: string[]; warnings: Finding[] } => {
  const { data, warnings, error } = envelope(ovl(['umount', '--stale', '--json', ...more]))
  expect(error).toBeNull()
  return { targets: (data as { target: string }[]).map(({ target }) => target), warnings: warnings as Finding[] }
}

const within = (namespace: string, script: string, ...words: readonly string[]): string => execFileSync('nsenter', [`--mount=${namespace}`, 'sh', '-ec', script, 'sh', ...words], { encoding: 'utf8' })

afterEach(() => {
  expect(stale('--force').warnings).toEqual([])
  expect(existsSync(STATE) ? readdirSync(STATE) : []).toEqual([])
})

/**
 * A mount namespace kept by the file $1, as `unshare --mount=FILE` makes it. Linux 6.18 refuses (EINVAL) a namespace whose
 * number is lower than that of one's own, and each processor numbers them by itself: so another one is made.
 */
const KEEP = `
    kept=$1 tries=0; shift
    until
      unshare --mount --propagation private sh -c 'echo > "$0"; exec sleep 600' "$kept.ready" &
      until [ -s "$kept.ready" ]; do sleep 0.01; done
      mount --bind "/proc/$!/ns/mnt" "$kept" 2>/dev/null; bound=$?
      kill "$!"; wait "$!"; rm "$kept.ready"
      [ "$bound" = 0 ]
    do
      tries=$((tries+1)); [ "$tries" -lt 100 ]
    done
`

test('a mount namespace that a file keeps, with no process in it', () => {
  const { target, words } = place()
  const kept = `${ground}/kept-namespace`
  writeFileSync(kept, '')
  execFileSync('sh', ['-ec', `${KEEP} nsenter --mount="$kept" "$@"`, 'sh', kept, process.execPath, BIN, ...words])
  within(kept, 'echo precious > "$1/file"', target)
  expect(stale()).toEqual({ targets: [], warnings: [] })
  expect(within(kept, 'cat "$1/file"', target)).toBe('precious\n')
  within(kept, '"$1" "$2" umount "$3"', process.execPath, BIN, target)
  execFileSync('umount', [kept])
  expect(readReceiptsAt(target)).toEqual([])
})

test('the same in a pid namespace, where the kernel lists none: the file is found', () => {
  const { target, words } = place()
  const kept = `${ground}/kept-unlisted`
  writeFileSync(kept, '')
  const answers = execFileSync('unshare', ['--mount', '--pid', '--fork', '--mount-proc', '--propagation', 'private', 'sh', '-ec', `
    target=$1; shift
    ${KEEP} nsenter --mount="$kept" "$@"
    nsenter --mount="$kept" sh -c 'echo precious > "$1/file"' sh "$target"
    "$1" "$2" umount --stale --json; echo
    nsenter --mount="$kept" cat "$target/file"
    umount "$kept"
    "$1" "$2" umount --stale --json`, 'sh', target, kept, process.execPath, BIN, ...words], { encoding: 'utf8' }).split('\n').filter((line) => line !== '')
  expect(JSON.parse(answers[0] ?? '')).toMatchObject({ ok: true, data: [], warnings: [] })
  expect(answers[1]).toBe('precious')
  expect(JSON.parse(answers[2] ?? '')).toMatchObject({ ok: true, data: [{ target }], warnings: [] })
})

test('one that a descriptor of another process keeps; when that is closed, it is gone', async () => {
  const { target, words } = place()
  const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', '"$@"; echo ready; read _', 'sh', process.execPath, BIN, ...words], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const fd = openSync(`/proc/${child.pid}/ns/mnt`, 'r')
  const ended = once(child, 'exit')
  child.stdin.end('\n')
  await ended
  try {
    const inside = (script: string): string => execFileSync('nsenter', ['--mount=/proc/self/fd/3', 'sh', '-ec', script, 'sh', target], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit', fd] })
    inside('echo precious > "$1/file"')
    expect(stale()).toEqual({ targets: [], warnings: [] })
    expect(inside('cat "$1/file"')).toBe('precious\n')
  } finally {
    closeSync(fd)
  }
  expect(stale()).toEqual({ targets: [target], warnings: [] })
})

test('its mount namespace is gone, and a copy of that lives', async () => {
  const { target, words } = place()
  const made = `${target}/made`
  const copy = 'exec unshare --mount --propagation private sh -ec "echo ready; read _; cat \'$0/file\'"'
  const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', `"$@"; echo precious > "$0/file"; ${copy}`, made, process.execPath, BIN, ...words.slice(0, -1), '--mkdir', made], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  expect(stale()).toEqual({ targets: [], warnings: [] })
  const [text] = await Promise.all([once(child.stdout, 'data'), child.stdin.end('\n')])
  expect(String(text)).toBe('precious\n')
  if (child.exitCode === null) await once(child, 'exit')
  expect(stale()).toEqual({ targets: [made], warnings: [] })
})

test('asked from another pid namespace, where its processes cannot be seen', async () => {
  const { target, words } = place()
  const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', '"$@"; echo precious > "$0/file"; echo ready; read _; cat "$0/file"', target, process.execPath, BIN, ...words], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const asked = runChild('unshare', ['--mount', '--pid', '--fork', '--mount-proc', process.execPath, BIN, 'umount', '--stale', '--json'])
  const { ok, data, warnings } = envelope(asked)
  expect({ ok, data }).toEqual({ ok: true, data: [] })
  // Where the kernel lists all mount namespaces to it as well, there is nothing to be said.
  if (warnings.length > 0) expect(warnings).toMatchObject([{ code: 'owned-elsewhere', title: expect.stringContaining(`'${target}'`) as unknown }])
  const out: Buffer[] = []
  child.stdout.on('data', (bytes: Buffer) => out.push(bytes))
  const ended = once(child, 'close')
  child.stdin.end('\n')
  await ended
  expect(Buffer.concat(out).toString()).toBe('precious\n')
})

/** A receipt as a process of ovl leaves it that is still at work. */
function plant(target: string, who: Partial<Receipt>): string {
  const directory = `${STATE}/planted`
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const receipt: Receipt = { version: 1, state: 'making', pid: 2 ** 22 - 1, mountNamespace: mountNamespaceId(), pidNamespace: pidNamespaceId(), bootId: bootId(), target, directory, parts: [{ at: `${directory}/rw`, what: 'tmpfs', source: 'tmpfs' }], madeDirs: [], layers: { lower: [], data: [] }, ...who }
  writeFileSync(`${directory}.json`, JSON.stringify(receipt))
  return `${directory}.json`
}

test('a maker of another pid namespace is at work, for all that can be seen; --force says that it is not', () => {
  const { target } = place()
  const path = plant(target, { pidNamespace: '1' })
  expect(stale()).toMatchObject({ targets: [], warnings: [{ code: 'owned-elsewhere', severity: 'warning', title: expect.stringContaining(`'${target}'`) as unknown, fix: [{ command: 'ovl umount --stale --force' }] }] })
  expect(existsSync(path)).toBe(true)
  expect(ovl(['umount', '--stale']).stderr).toContain(target)
  expect(stale('--force')).toEqual({ targets: [target], warnings: [] })
  expect(existsSync(path)).toBe(false)
})

test('receipts of an ovl that wrote less of itself are read as before', () => {
  const { target } = place()
  const { pidNamespace: _, ...old } = JSON.parse(readFileSync(plant(target, {}), 'utf8')) as Receipt
  writeFileSync(`${STATE}/planted.json`, JSON.stringify(old))
  expect(stale()).toEqual({ targets: [target], warnings: [] })
  // Of a mount namespace that is no more, known by its number alone.
  plant(target, { mountNamespace: '1' })
  expect(stale()).toEqual({ targets: [target], warnings: [] })
})

test('a number of a mount namespace that is used again does not keep what the first one left', () => {
  const { target } = place()
  const { id } = ownNamespace()
  if (id === undefined) return
  plant(target, { state: 'mounted', mountNamespace: mountNamespaceId(), mountNamespaceId: '2' })
  expect(stale()).toEqual({ targets: [target], warnings: [] })
})

test('sixty mounts come up while another process clears what is stale, again and again', async () => {
  const places = Array.from({ length: 60 }, place)
  const clearer = spawn('sh', ['-c', 'while :; do "$0" "$1" umount --stale; done', process.execPath, BIN], { stdio: 'ignore' })
  const todo = [...places]
  const failures: string[] = []
  await Promise.all(Array.from({ length: 6 }, async () => {
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const child = spawn(process.execPath, [BIN, ...next.words], { stdio: ['ignore', 'ignore', 'pipe'] })
      child.stderr.on('data', (text: Buffer) => failures.push(text.toString()))
      await once(child, 'close')
    }
  }))
  const ended = once(clearer, 'exit')
  clearer.kill()
  await ended
  expect(failures).toEqual([])
  const lost = places.filter(({ target }) => readReceiptsAt(target).length !== 1)
  expect(lost).toEqual([])
  const { code, stderr } = ovl(['umount', ...places.map(({ target }) => target)])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})
