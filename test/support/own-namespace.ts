/** Runs a few lines of JavaScript with the built library in a mount namespace of its own, prepared by a shell script: for what must not happen to other tests. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const LIBRARY = new URL('../../dist/index.js', import.meta.url)

export interface InNamespace {
  /** Shell commands run before; `$1` and so on are the words. */
  readonly prepare?: string
  readonly words?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/**
 * The value that `program` returns, through JSON. It is handed over as text: it sees its parameters, and nothing else.
 * What it throws of ovl comes back as `{ code, message, errno, findings, undo }`.
 */
export function inNamespace(how: InNamespace, program: (ovl: typeof import('../../src/index.ts'), fs: typeof import('node:fs'), ...words: string[]) => unknown): unknown {
  if (!existsSync(LIBRARY)) throw new Error('this runs the built library: npm run build')
  const text = `
    import * as fs from 'node:fs'
    import * as ovl from ${JSON.stringify(LIBRARY)}
    const answer = async () => {
      try {
        return await (${program.toString()})(ovl, fs, ...process.argv.slice(1))
      } catch (error) {
        if (!ovl.isOvlError(error)) throw error
        const { code, message, errno, findings, details: { undo, hint } } = error
        return { code, message, errno, findings: findings.map(({ code }) => code), undo, hint }
      }
    }
    fs.writeSync(1, JSON.stringify(await answer()) ?? 'null')`
  const words = how.words ?? []
  const { status, stdout, stderr } = spawnSync(
    'unshare', ['--mount', '--propagation', 'private', '--', 'sh', '-ec', `node=$0 text=$1; shift; ${how.prepare ?? ''}\nexec "$node" --input-type=module -e "$text" -- "$@"`, process.execPath, text, ...words],
    { encoding: 'utf8', env: { ...process.env, ...how.env }, timeout: 60_000 },
  )
  if (status !== 0) throw new Error(`status ${status}: ${stderr}`)
  return JSON.parse(stdout)
}
