/**
 * The only writer. Synchronous and without process.stdout, whose stream takes 3 ms to set up, and which
 * would be cut off when the process ends before a pipe has been read.
 */

import { writeSync } from 'node:fs'

export type Stream = 'out' | 'err'

const DESCRIPTORS: Readonly<Record<Stream, number>> = { out: 1, err: 2 }

/** Writes all of it. A reader that went away (`ovl list | head -1`) is no error. */
export function write(stream: Stream, text: string): void {
  const bytes = Buffer.from(text, 'utf8')
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(DESCRIPTORS[stream], bytes, at)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPIPE') return
      if (code !== 'EAGAIN') throw error
      // A pipe that somebody made non-blocking is full: give its reader time.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
    }
  }
}
