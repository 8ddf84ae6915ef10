/** Where the helpers are that ovl starts in a process or a thread of their own: one file runs them all, by name. */

import { fileURLToPath } from 'node:url'

/** The bundle that test/support/build.mjs makes of `host/NAME.ts`. */
export type ChildName = 'host-trial-child' | 'host-probe-child' | 'host-mount-child' | 'host-touch-child' | 'host-enter-child'

/** It lies at the same depth for the sources, the library (dist/host) and the bundled command (dist/cli). Not known before it is needed: most commands start none. */
export function childFile(): string {
  return fileURLToPath(new URL('../../bin/child.js', import.meta.url))
}

/** The words that run it in a process: a program and its arguments. */
export function childCommand(name: ChildName): [program: string, ...args: string[]] {
  return [process.execPath, childFile(), name]
}
