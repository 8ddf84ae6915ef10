/** `ovl doctor` as root, on directories of every kind: what it says is what the kernel does, and nothing of it stays. */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { encodeName, isOvlError } from '../../../src/index.ts'
import { doctor } from '../../../src/ops/doctor.ts'
import type { Checkup } from '../../../src/ops/doctor.ts'
import { BIN, envelope, ovl, runChild } from '../../support/command.ts'
import { makeGround } from '../host/ground.ts'

const ground = makeGround()
const sh = (script: string, ...args: string[]): string => execFileSync('sh', ['-c', script, 'sh', ...args], { encoding: 'utf8' })
const place = (): string => mkdtempSync(`${ground}/place-`)
const targets = (): string[] => readFileSync('/proc/self/mountinfo', 'latin1').trimEnd().split('\n').map((line) => line.split(' ')[4] as string)
const states = ({ rows }: Checkup, group: string): Record<string, string> => Object.fromEntries(rows.filter((row) => row.group === group).map(({ id, state }) => [id, state]))
const stateOf = ({ rows }: Checkup, id: string): string | undefined => rows.find((row) => row.id === id)?.state
const codes = ({ findings }: Checkup): string[] => findings.map(({ code }) => code)

async function leavingNothing(dir: string, words?: Parameters<typeof doctor>[0]): Promise<Checkup> {
  const before = { targets: targets(), names: readdirSync(encodeName(dir)) }
  const checkup = await doctor({ dir, ...words })
  expect({ targets: targets(), names: readdirSync(encodeName(dir)) }).toEqual(before)
  return checkup
}

test('all works on a tmpfs, and every probe was made', async () => {
  const checkup = await leavingNothing(place())
  expect(checkup).toMatchObject({ namespace: 'mount', usable: 'yes', layer: { lower: 'yes', upper: 'yes' }, uid: 0 })
  expect(checkup.rows.filter(({ state }) => state === 'unknown')).toEqual([])
  for (const group of ['overlay', 'options', 'limits', 'directory']) expect(new Set(Object.values(states(checkup, group))), group).toEqual(new Set(['works']))
  // The rows that a user namespace is about: refused there to root too.
  expect(states(checkup, 'rootless')).toEqual({ userns: 'works', 'rootless-userxattr': 'works', 'rootless-plain': 'refused', 'rootless-redirect': 'refused', 'rootless-metacopy': 'refused' })
  expect(checkup.rows.find(({ id }) => id === 'limit-layers')?.detail).toMatch(/^500\b/)
})

test('a name that no option could hold', async () => {
  const dir = `${place()}/a,b:c\\d \n\udcff"`
  mkdirSync(encodeName(dir))
  expect(await leavingNothing(dir)).toMatchObject({ usable: 'yes', layer: { lower: 'yes', upper: 'yes' } })
})

const PLACES: readonly (readonly [what: string, script: string, codes: readonly string[], layer: Checkup['layer']])[] = [
  ['an overlay', 'cd "$1"; mkdir l1 l2 u w dir; mount -t overlay o -o lowerdir=l1:l2,upperdir=u,workdir=w dir', ['upper-on-overlay'], { lower: 'yes', upper: 'no' }],
  ['an overlay on an overlay', 'cd "$1"; mkdir a b c m dir; mount -t overlay o -o lowerdir=a:b m; mount -t overlay o -o lowerdir=m:c dir', ['stack-too-deep', 'upper-read-only'], { lower: 'no', upper: 'no' }],
  ['a read-only mount', 'mkdir "$1/dir"; mount -t tmpfs -o ro t "$1/dir"', ['upper-read-only'], { lower: 'yes', upper: 'no' }],
  ['a full disk', 'mkdir "$1/dir"; mount -t tmpfs -o size=16k t "$1/dir"; head -c 16k /dev/zero > "$1/dir/x"', ['no-space'], { lower: 'yes', upper: 'no' }],
  ['ramfs, which has no attributes and counts no room', 'mkdir "$1/dir"; mount -t ramfs t "$1/dir"', ['upper-no-xattr'], { lower: 'yes', upper: 'yes' }],
]

test.each(PLACES)('%s', async (_, script, expected, layer) => {
  const base = place()
  sh(script, base)
  const checkup = await leavingNothing(`${base}/dir`)
  expect([codes(checkup).filter((code) => code !== 'userns-disabled'), checkup.layer]).toEqual([expected, layer])
})

describe('the command', () => {
  test('fits 80 columns, says what to do, and exits by what it found', () => {
    const dir = place()
    const { code, stdout, stderr } = ovl(['doctor', dir], { env: { COLUMNS: '80' } })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n').filter((line) => line.length > 80 && !/^(?:error|warning|note)\[|\$ /.test(line))).toEqual([])
    expect(stdout).toContain(`Directory ${dir}\n`)
    expect(ovl(['doctor', '/proc']).code).toBe(1)
    expect(ovl(['doctor', `${dir}/nope`])).toMatchObject({ code: 2, stdout: '' })
    expect(envelope(ovl(['doctor', dir, '--json']))).toMatchObject({ kind: 'doctor', ok: true, data: { usable: 'yes' } })
  })

  const enter = (words: readonly string[], dir: string, env: Record<string, string> = {}) => {
    const [command = '', ...rest] = words
    const ran = runChild(command, [...rest, process.execPath, BIN, 'doctor', dir, '--json'], { env })
    return { code: ran.code, data: envelope(ran).data as Checkup }
  }

  test('without koffi it goes through mount(8), and says what it could not probe', () => {
    const dir = place()
    const { code, data } = enter(['env'], dir, { OVL_NO_FFI: '1' })
    expect([code, codes(data)]).toEqual([0, ['ffi-unavailable']])
    expect(states(data, 'overlay')).toEqual({ overlay: 'works', fsconfig: 'unknown', 'lowerdir+': 'unknown', 'layer-fd': 'unknown', 'data-only': 'works', idmap: 'unknown' })
    expect([stateOf(data, 'dir-upper'), stateOf(data, 'dir-rename'), stateOf(data, 'dir-xattr'), stateOf(data, 'limit-layers')]).toEqual(['works', 'works', 'unknown', 'works'])
    expect(readdirSync(dir)).toEqual([])
  })

  test('in a container without CAP_SYS_ADMIN: by a user namespace, or not at all', () => {
    const dir = place()
    const noCaps = ['setpriv', '--inh-caps', '-sys_admin', '--bounding-set', '-sys_admin']
    const { code, data } = enter(noCaps, dir)
    expect([code, data.namespace, data.usable]).toEqual([0, 'user', 'yes'])
    const closed = enter(['unshare', '--user', '--map-root-user', 'sh', '-c', 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', 'sh', ...noCaps], dir)
    expect([closed.code, codes(closed.data), closed.data.namespace]).toEqual([1, ['not-permitted'], undefined])
    expect(stateOf(closed.data, 'overlay')).toBe('unknown')
    expect(readdirSync(dir)).toEqual([])
  })

  test('without unshare(1) it could not look', () => {
    const { code, data } = enter(['env', 'PATH=/nonexistent'], place())
    expect([code, codes(data), data.usable]).toEqual([2, ['tool-missing'], 'unknown'])
  })

  test('without /dev/kmsg it makes none', () => {
    const dir = place()
    mkdirSync(`${dir}/dev`)
    const script = 'cd "$1"; touch dev/null; mount --bind /dev/null dev/null; mount --rbind dev /dev; shift; "$@"; ls /dev >&2'
    const ran = runChild('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', dir, process.execPath, BIN, 'doctor', dir, '--json'])
    const data = envelope(ran).data as Checkup
    expect([data.usable, stateOf(data, 'kernel-log'), stateOf(data, 'loop'), ran.stderr]).toEqual(['yes', 'missing', 'missing', 'null\n'])
  })
})

test('marks its own noise in the kernel log', async () => {
  await doctor({ dir: place() })
  const lines = sh('dmesg').trimEnd().split('\n').filter((line) => line.includes(`ovl doctor[${process.pid}]`))
  expect(lines.slice(-2).map((line) => line.replace(/^.*\]: /, ''))).toEqual(['begin of probes: overlayfs messages from here on are tests', 'end of probes'])
})

test.each([0, 30, 120, 250])('interrupted after %i ms it leaves nothing', async (delay) => {
  const dir = place()
  writeFileSync(`${dir}/file`, '')
  const before = targets()
  const error: unknown = await doctor({ dir, signal: AbortSignal.timeout(delay) }).then(() => undefined, (error: unknown) => error)
  if (error !== undefined && !(isOvlError(error) && error.code === 'interrupted')) throw error
  expect([readdirSync(dir), targets()]).toEqual([['file'], before])
  expect(existsSync('/mnt/p1')).toBe(false)
})
