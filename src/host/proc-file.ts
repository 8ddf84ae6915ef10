/**
 * Reading a file of /proc whole. The kernel hands out such a file in pieces of a page, and node:fs takes
 * a fresh 64 KiB buffer for each: a mount table of 1 MB costs it three times what one growing buffer does.
 */

import { closeSync, openSync, readSync } from 'node:fs'

/** A table of 3,000 mounts; memory that is not written to costs nothing. */
const FIRST_BYTES = 1024 * 1024

/** The bytes of the file; failures are those of node:fs. */
export function readProcFile(path: string): Buffer {
  const fd = openSync(path, 'r')
  try {
    let buffer = Buffer.allocUnsafe(FIRST_BYTES)
    for (let length = 0; ; ) {
      if (length === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 4)
      const read = readSync(fd, buffer, length, buffer.length - length, null)
      if (read === 0) return buffer.subarray(0, length)
      length += read
    }
  } finally {
    closeSync(fd)
  }
}
