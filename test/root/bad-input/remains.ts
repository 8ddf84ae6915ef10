/** What a mount that failed, or was taken down, must not leave: mounts, receipts, directories of its own, loop devices. */

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { readReceipts } from '../../../src/host/receipts.ts'
import { stateDirectory } from '../../../src/host/system.ts'

/** Looks for remains of mounts with a target below `ground`. Others may be mounting meanwhile. */
export async function expectNothingLeft(ground: string): Promise<void> {
  // A loop device frees itself a moment after its last user.
  for (let left = 1000; left > 0 && loopsOf(ground).length > 0; left--) await sleep(20)
  const points = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').flatMap((line) => line.split(' ')[4] ?? [])
  expect({
    mounts: points.filter((point) => point.startsWith(`${ground}/`)),
    receipts: readReceipts().filter(({ target }) => target.startsWith(`${ground}/`)),
    unowned: unowned(points).filter((name) => !fromBefore.has(name)),
    loops: loopsOf(ground),
  }).toEqual({ mounts: [], receipts: [], unowned: [], loops: [] })
}

/** Directories and mounts of which no receipt tells. */
function unowned(points: readonly string[]): string[] {
  const state = stateDirectory()
  const inState = points.filter((point) => point.startsWith(`${state}/`)).map((point) => point.slice(state.length + 1).split('/')[0] as string)
  const directories = existsSync(state) ? readdirSync(state, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name) : []
  return [...new Set([...inState, ...directories])].filter((name) => !existsSync(`${state}/${name}.json`) && existsSync(`${state}/${name}`))
}

/** What an earlier run left, of which this one is not guilty. */
const fromBefore: ReadonlySet<string> = new Set(unowned([]))

function loopsOf(ground: string): string[] {
  return readdirSync('/sys/block').filter((name) => {
    try {
      return readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8').startsWith(`${ground}/`)
    } catch {
      return false
    }
  })
}
