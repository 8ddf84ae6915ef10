/** The settings of the caller’s terminal, kept over a program that changes them and may be killed before it sets them back. */

import { ffi } from './ffi.ts'

const TCGETS = 0x5401
const TCSETSW = 0x5403
/** More than struct termios of the kernel takes (36) on the machines that ffi.ts knows. */
const BYTES = 64

/** At the end of a `using` block the terminal of descriptor 0 is set as it was; nothing happens where it is none. */
export function keepTerminal(): Disposable {
  const before = settings()
  return {
    [Symbol.dispose]: () => {
      // Not without need: the kernel stops a process in the background that does.
      if (before !== undefined && settings()?.equals(before) === false) ffi().ioctlBuffer(0, TCSETSW, before)
    },
  }
}

function settings(): Buffer | undefined {
  const found = Buffer.alloc(BYTES)
  return ffi().ioctlBuffer(0, TCGETS, found) >= 0 ? found : undefined
}
