/**
 * A process of its own for the probes that mount, in a namespace that goes when it ends. Started by
 * probe.ts; breaks its ground, makes the probes it is asked for one by one, prints a line of JSON for each.
 */

import { readFileSync, writeSync } from 'node:fs'
import type { ProbeRow } from '../diagnose/doctor.ts'
import { breakGround } from './probe/ground.ts'
import { rowFrom, unknown } from './probe/probe.ts'
import type { MountProbe, Probe } from './probe/probe.ts'
import { PROBES } from './probe/table.ts'
import type { ProbeRequest } from './probe.ts'

void answer(JSON.parse(readFileSync(0, 'utf8')) as ProbeRequest)

async function answer({ where, ...plan }: ProbeRequest): Promise<void> {
  const ground = await breakGround(plan)
  let mounts = true
  const isAsked = (probe: Probe): probe is MountProbe => probe.where !== 'here' && where.includes(probe.where)
  for (const probe of PROBES.filter(isAsked)) {
    const row = await rowFrom(probe, () => (mounts ? probe.probe(ground) : unknown('not tried: overlay cannot be mounted')))
    if (row.id === 'overlay' && row.state !== 'works') mounts = false
    print(row)
  }
}

function print(row: ProbeRow): void {
  writeSync(1, `${JSON.stringify(row)}\n`)
}
