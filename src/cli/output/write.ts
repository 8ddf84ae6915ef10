/**
 * The only writer. Synchronous and without process.stdout, whose stream takes 3 ms to set up, and which
 * would be cut off when the process ends before a pipe has been read.
 */

import { writeSync } from 'node:fs'
import { errnoWords } from '../../errors/errno.ts'
import { OvlError } from '../../errors/ovl-error.ts'

export type Stream = 'out' | 'err'

const DESCRIPTORS: Readonly<Record<Stream, number>> = { out: 1, err: 2 }

/**
 * Writes all of it. A reader that went away (`ovl list | head -1`) is no error.
 * @throws OvlError output-failed, when standard output takes no more; a broken stderr is nothing that could be told of
 */
export function write(stream: Stream, text: string): void {
  const bytes = Buffer.from(text, 'utf8')
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(DESCRIPTORS[stream], bytes, at)
    } catch (error) {
      const { code = 'EIO' } = error as NodeJS.ErrnoException
      // Nor can anything be said about a broken stderr.
      if (code === 'EPIPE' || (code !== 'EAGAIN' && stream === 'err')) return
      if (code !== 'EAGAIN') throw new OvlError('output-failed', `cannot write to standard output: ${errnoWords(code)} (write: ${code})`, { syscall: 'write', errno: code })
      // A pipe that somebody made non-blocking is full: give its reader time.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
    }
  }
}
