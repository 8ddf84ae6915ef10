/** The unprivileged user 65534, played by root: what an ordinary user meets, with and without a namespace of its own. */

import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { ROOT, runChild } from './command.ts'
import type { Ran } from './command.ts'

/** Words that make a program run as that user, in its namespaces or as it stands. */
export const AS_NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'] as const
export const IN_NAMESPACES = ['unshare', '--user', '--map-root-user', '--mount', '--propagation', 'private', '--'] as const

export interface Nobody {
  /** The checkout where that user can reach it: it may lie where only root can look. */
  readonly checkout: string
  /** Runs a script in a shell of that user, with ovl on its PATH; in namespaces of its own where that is said. */
  readonly sh: (cwd: string, script: string, options?: { readonly inside?: boolean; readonly env?: Readonly<Record<string, string>> }) => Ran
}

/** `ground` is a directory in a private mount namespace that somebody else unmounts and clears away. */
export function makeNobody(ground: string): Nobody {
  const checkout = `${ground}/checkout`
  const bin = `${ground}/nobody-bin`
  for (const directory of [checkout, bin]) {
    mkdirSync(directory)
    chmodSync(directory, 0o755)
  }
  const { code, stderr } = runChild('mount', ['--bind', ROOT, checkout])
  if (code !== 0) throw new Error(stderr)
  symlinkSync(`${checkout}/bin/ovl.js`, `${bin}/ovl`)
  return {
    checkout,
    sh: (cwd, script, { inside = false, env = {} } = {}) => {
      const [program, ...words] = [...AS_NOBODY, ...(inside ? IN_NAMESPACES : []), 'sh', '-c', script]
      return runChild(program, words, { cwd, env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: '/', ...env } })
    },
  }
}
