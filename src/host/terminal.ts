/** The settings of the caller’s terminal (termios), kept over a program that changes them and may die before it sets them back. */

import { ffi } from './ffi.ts'

const TCGETS = 0x5401
const TCSETSW = 0x5403
/** struct termios of the kernel has 36 bytes on most machines, and 44 on none that ffi.ts knows fewer. */
const TERMIOS_BYTES = 64

/** At the end of a `using` block the terminal of descriptor 0 is as it was; nothing, where it is none. */
export function keepTerminal(): Disposable {
  const settings = Buffer.alloc(TERMIOS_BYTES)
  const known = ffi().ioctlBuffer(0, TCGETS, settings) >= 0
  return { [Symbol.dispose]: () => { if (known) ffi().ioctlBuffer(0, TCSETSW, settings) } }
}
