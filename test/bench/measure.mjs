/** Times in milliseconds, and the order they are taken in: contestants take turns, so that a drift of the machine hits all alike. */

import { spawnSync } from 'node:child_process'

/**
 * Runs each contestant once a round, and shifts who goes first. A contestant returns its own time or
 * times in ms; undefined counts as no time.
 * @returns the medians, by name
 */
export async function interleave(rounds, contestants) {
  const names = Object.keys(contestants)
  const times = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length]
      times[name].push(...[(await contestants[name]()) ?? []].flat())
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])]))
}

export function median(times) {
  if (times.length === 0) return undefined
  const sorted = times.toSorted((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

/** Wall time of a piece of work that has to succeed. */
export async function timed(work) {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Wall time of a whole process. Its output is thrown away: a reader of it would be measured, too. */
export function timedProcess(command, args) {
  const start = performance.now()
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const took = performance.now() - start
  if (status !== 0) throw new Error(`${command} ${args.slice(0, 6).join(' ')}: ${error?.message ?? `exit code ${status}`}`)
  return took
}

/** The floor for a whole process: a Node that does nothing. */
export const timedEmptyNode = () => timedProcess(process.execPath, ['-e', '0'])
