/** Whether strace may trace here; with OVL_TESTS_MUST_RUN=1 it must. */

import { spawnSync } from 'node:child_process'
import { hasTool } from '../host/ground.ts'

/** Undefined, or why not. */
export function whyNoTracing(): string | undefined {
  if (!hasTool('strace')) return 'strace is not installed'
  const { status, stderr } = spawnSync('strace', ['-o', '/dev/null', 'true'], { encoding: 'utf8' })
  if (status === 0) return undefined
  if (process.env['OVL_TESTS_MUST_RUN'] === '1') throw new Error(stderr)
  return `ptrace is not to be had here: ${stderr.trim()}`
}
