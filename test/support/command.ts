/** The built command as a child: what a user gets, byte for byte. `npm run build` comes first. */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))
export const BIN: string = `${ROOT}bin/ovl.js`

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Surroundings {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A known environment: no colour wishes, no width, UTF-8. */
const CLEAN = { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/nonexistent', LANG: 'C.UTF-8' } as const

/** Runs ovl. */
export function ovl(args: readonly string[], { cwd = '/', env = {} }: Surroundings = {}): Ran {
  return runChild(process.execPath, [BIN, ...args], { cwd, env })
}

/** Runs a program; `{ code: null }` when it is not installed. */
export function runChild(command: string, args: readonly string[], { cwd = '/', env = {} }: Surroundings = {}): Ran {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env: { ...CLEAN, ...env }, encoding: 'utf8' })
  return { code: status, stdout: stdout ?? '', stderr: stderr ?? '' }
}

/** The envelope on stdout, which must be all of stdout. */
export function envelope({ stdout }: Ran): { schema: string; kind: string; ok: boolean; data: unknown; warnings: unknown[]; error: { code: string; message: string; hint?: string; findings: unknown[] } | null } {
  return JSON.parse(stdout) as ReturnType<typeof envelope>
}
