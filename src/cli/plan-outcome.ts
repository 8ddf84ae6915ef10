/** --dry-run: a plan in place of its result. */

import { describePlan, toShell } from '../plan/describe.ts'
import type { Plan } from '../plan/step.ts'
import type { Outcome } from './define.ts'
import { renderPlan } from './output/human/plan.ts'

/** The outcome of not doing it: `data` is `{ dryRun: true, steps, shell }`. */
export function planOutcome(plan: Plan): Outcome {
  const shell = toShell(plan)
  return { data: { dryRun: true, steps: plan.steps, shell }, text: (view) => renderPlan(describePlan(plan), shell, view) }
}
