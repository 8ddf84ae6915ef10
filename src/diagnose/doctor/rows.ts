/** The rows of a check-up, as the rules ask for them. */

import type { DoctorFacts, ProbeRow } from '../doctor.ts'

/** The row of a probe. */
export function rowOf({ rows }: Pick<DoctorFacts, 'rows'>, id: string): ProbeRow | undefined {
  return rows.find((row) => row.id === id)
}

/** It was tried, and it does not work. */
export function isRefused(row: ProbeRow | undefined): row is ProbeRow {
  return row?.state === 'refused' || row?.state === 'missing'
}
