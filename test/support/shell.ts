/** A shell with `ovl` on its PATH: commands are tested as a document has them, quotes, tildes and all. */

import { existsSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs'
import { BIN, runChild } from './command.ts'
import type { Ran } from './command.ts'

export interface Shell {
  /** A fresh directory on the ground. */
  readonly place: () => string
  /** Runs a script in a directory; `$1` … are `args`. */
  readonly sh: (cwd: string, script: string, args?: readonly string[], env?: Readonly<Record<string, string>>) => Ran
  /** PATH with ovl at its head. */
  readonly path: string
}

/** `ground` is a directory that somebody else clears away. */
export function makeShell(ground: string): Shell {
  const bin = `${ground}/.bin`
  if (!existsSync(bin)) {
    mkdirSync(bin)
    symlinkSync(BIN, `${bin}/ovl`)
  }
  const path = `${bin}:${process.env['PATH'] ?? ''}`
  return {
    path,
    place: () => mkdtempSync(`${ground}/place-`),
    sh: (cwd, script, args = [], env = {}) => runChild('sh', ['-c', script, 'sh', ...args], { cwd, env: { PATH: path, ...env } }),
  }
}

/** The codes of the findings that a command printed, in their order, without notes. */
export function named({ stderr }: Ran): string[] {
  return [...stderr.matchAll(/(?:^|: )(?:error|warning)\[([a-z-]+)\]/gm)].map(([, code]) => code as string)
}
