/** What the kills are done to: two squashfs images below an upper on a tmpfs, at a target that is made for the mount. */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

/** See session.mjs. */
export interface Kill {
  readonly doing: 'mount' | 'mount2' | 'unmount' | 'live' | 'live-unmount'
  readonly after?: number
  readonly every?: string
  readonly pause?: true
}

export interface Report {
  readonly kill: Kill & { readonly number?: number }
  readonly signal: string | null
  /** `go`, and `done` if it came so far. */
  readonly said: string
  /** Milliseconds from one to the other. */
  readonly took?: number
  /** With `pause`: what was cleared up behind the driver’s back. */
  readonly cleared?: readonly string[]
  readonly complaint: string
  readonly stage: string
  /** Of the overlay at the target, before and after `unmountStale()`; absent when there was none. */
  readonly whole?: boolean
  readonly survived?: boolean
  readonly left: { readonly mounts: readonly string[]; readonly entries: readonly string[]; readonly loops: readonly string[]; readonly directories: readonly string[] }
  readonly error?: string
}

export interface Scene {
  readonly images: readonly string[]
  /** Kills one driver after another; stops at the first that leaves something. */
  readonly kill: (kills: readonly Kill[]) => Report[]
}

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
/** A state directory of its own keeps out of the way of whoever mounts at the same time. */
const IN_NAMESPACE = ['--mount', '--propagation', 'private', '--', 'sh', '-ec', 'mkdir -p -m 700 /run/ovl; mount -t tmpfs -o mode=700 state /run/ovl; exec "$@"', 'sh']

export function makeScene(ground: string): Scene {
  expect(existsSync(file('../../../dist/index.js')), 'the driver runs the built library: npm run build').toBe(true)
  const images = [0, 1].map((n) => {
    mkdirSync(`${ground}/tree-${n}`)
    writeFileSync(`${ground}/tree-${n}/id-${n}`, String(n))
    execFileSync('mksquashfs', [`${ground}/tree-${n}`, `${ground}/${n}.squashfs`, '-quiet', '-no-progress'], { stdio: 'ignore' })
    return `${ground}/${n}.squashfs`
  })
  return { images, kill: killer(`${ground}/made/target`, images) }
}

/** `images`: what the driver is given. Each must show in the tree as a file `id-N` with its number in it. */
export function killer(target: string, images: readonly string[]): Scene['kill'] {
  return (kills: readonly Kill[]): Report[] => {
    const { status, stdout, stderr } = spawnSync('unshare', [...IN_NAMESPACE, process.execPath, file('session.mjs')], { input: JSON.stringify({ target, images, kills }), encoding: 'utf8', maxBuffer: 2 ** 26, timeout: 250_000, killSignal: 'SIGKILL' })
    expect(status, stderr).toBe(0)
    return stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Report)
  }
}

/** No overlay or a whole one, which clearing up leaves alone; and nothing of it afterwards. */
export function expectNothingLeft(report: Report): void {
  const { whole, survived, left, error } = report
  expect({ half: whole === false, taken: whole === true && survived !== true, left, error }, JSON.stringify(report)).toEqual({ half: false, taken: false, left: { mounts: [], entries: [], loops: [], directories: [] } })
}
