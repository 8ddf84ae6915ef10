/** Random tests say their seed: `OVL_SEED=12345` repeats a run, `OVL_RUNS=10` makes ten times as many cases. */

export const seed = Number(process.env['OVL_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

/** How many cases a test makes, and the time after which it makes no more. */
export function runs(count: number): { readonly seed: number; readonly numRuns: number; readonly interruptAfterTimeLimit: number } {
  return { seed, numRuns: count * Number(process.env['OVL_RUNS'] ?? 1), interruptAfterTimeLimit: 250_000 }
}
