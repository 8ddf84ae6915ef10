/**
 * What the kernel said about mounts between a mark and now, from /dev/kmsg. It never fails: a log that
 * cannot be read is a fact of its own. It does not interpret the words.
 *
 * Records: https://www.kernel.org/doc/Documentation/ABI/testing/dev-kmsg
 */

import { constants, openSync, readSync } from 'node:fs'
import type { Known } from '../diagnose/facts.ts'
import { decodeName } from '../names/bytes.ts'
import { OwnedFd } from './fd.ts'
import { ffi } from './ffi.ts'

export interface KernelMessage {
  /** 0 emergency … 3 error, 4 warning, 5 notice, 6 information, 7 debug. */
  readonly level: number
  readonly text: string
}

/** A place in the kernel log. Close it, or say `using`. */
export interface KernelLogMark {
  /** What overlayfs and the VFS said since the mark, oldest first; asking again adds what came since. */
  messages(): Known<readonly KernelMessage[]>
  /** The texts of {@link messages}. */
  lines(): Known<string[]>
  close(): void
  [Symbol.dispose](): void
}

/** Marks the end of the kernel log. */
export function markKernelLog(): KernelLogMark {
  const opened = openAtEnd()
  const found: KernelMessage[] = []
  const close = (): void => {
    if (opened.known) opened.value.close()
  }
  const messages = (): Known<readonly KernelMessage[]> => {
    if (!opened.known) return opened
    for (const record of readRecords(opened.value)) {
      const message = parseRecord(record)
      if (message !== undefined && ABOUT_MOUNTS.test(message.text)) found.push(message)
    }
    return { known: true, value: [...found] }
  }
  const lines = (): Known<string[]> => {
    const all = messages()
    return all.known ? { known: true, value: all.value.map(({ text }) => text) } : all
  }
  return { messages, lines, close, [Symbol.dispose]: close }
}

/** The driver says `overlayfs: `; a context without a log falls through as `overlay: `; the rest is the VFS. */
const ABOUT_MOUNTS = /^(?:overlayfs|overlay|VFS): /
const SEEK_END = 2

function openAtEnd(): Known<OwnedFd> {
  try {
    const log = new OwnedFd(openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK))
    seekEnd(log)
    return { known: true, value: log }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return { known: false, why: code === 'EPERM' || code === 'EACCES' ? 'the kernel log may not be read (kernel.dmesg_restrict)' : `/dev/kmsg cannot be read: ${code}` }
  }
}

/** node:fs cannot seek: without FFI the records so far are read and dropped. */
function seekEnd(log: OwnedFd): void {
  try {
    ffi().lseek(log.fd, 0, SEEK_END)
  } catch {
    for (const _ of readRecords(log)) continue
  }
}

/** One record a read, until there is no more. */
function* readRecords(log: OwnedFd): Generator<Buffer> {
  const buffer = Buffer.allocUnsafe(8192)
  for (;;) {
    try {
      yield buffer.subarray(0, readSync(log.fd, buffer))
    } catch (error) {
      // EPIPE: records were overwritten before they were read; the next read goes on with the oldest left.
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') return
    }
  }
}

/** `priority,sequence,time,flags[,…];text\n KEY=value\n`, bytes that do not print as `\x0a`. */
function parseRecord(record: Buffer): KernelMessage | undefined {
  const parts = /^(\d+),[^;]*;([^\n]*)/.exec(record.toString('latin1'))
  if (parts === null) return undefined
  const text = (parts[2] as string).replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return { level: Number(parts[1]) & 7, text: decodeName(Buffer.from(text, 'latin1')) }
}
