/** Random tests say their seed: `OVL_SEED=12345` repeats a run, `OVL_RUNS=10` makes ten times as many cases. */

export const seed = Number(process.env['OVL_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

/** For fc.assert: how many cases, and that it fails, rather than hangs, when they take too long. */
export function runs(count: number): { readonly seed: number; readonly numRuns: number; readonly interruptAfterTimeLimit: number; readonly markInterruptAsFailure: true } {
  return { seed, numRuns: count * Number(process.env['OVL_RUNS'] ?? 1), interruptAfterTimeLimit: 250_000, markInterruptAsFailure: true }
}
