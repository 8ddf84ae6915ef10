/**
 * What the kernel said about mounts between a mark and now, from /dev/kmsg. It never fails: a log that
 * cannot be read is a fact of its own. It does not interpret the words.
 *
 * Opening /dev/kmsg takes the kernel 100 µs, half of what a mount takes, and moving to its end 0.3. So
 * it is opened once and kept, as the FFI handle is; marks share it and remember where they began.
 *
 * Records: https://www.kernel.org/doc/Documentation/ABI/testing/dev-kmsg
 */

import { closeSync, constants, openSync, readSync } from 'node:fs'
import type { Known } from '../diagnose/facts.ts'
import { decodeName } from '../names/bytes.ts'
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
  log ??= openLog()
  if (!log.known) return markOf(() => log as Known<never>, () => undefined)
  const shared = log.value
  // Nobody is waiting for what came before: no need to read it.
  if (shared.marks === 0) moveToEnd(shared)
  else drain(shared)
  shared.marks += 1
  const start = shared.found.length
  let open = true
  const close = (): void => {
    if (open) shared.marks -= 1
    open = false
  }
  return markOf(() => {
    drain(shared)
    return { known: true, value: shared.found.slice(start) }
  }, close)
}

/** Closes the descriptor that the marks share: for a thread that ends, since its process does not. */
export function closeKernelLog(): void {
  if (log?.known === true) closeSync(log.value.fd)
  log = undefined
}

/** A message with the time it was written. */
export interface TimedMessage extends KernelMessage {
  /** Microseconds since the system was started. */
  readonly time: number
}

/** What overlayfs and the VFS said since the system was started, as far as the log still has it, oldest first; and when ovl doctor was trying things. */
export function readKernelLog(): Known<readonly TimedMessage[]> {
  // A descriptor of its own: that of the marks stands at the end.
  const opened = openLog()
  if (!opened.known) return opened
  try {
    const messages: TimedMessage[] = []
    for (const record of readRecords(opened.value)) {
      const message = parseRecord(record)
      if (message !== undefined && (ABOUT_MOUNTS.test(message.text) || message.text.startsWith('ovl doctor['))) messages.push({ ...message, time: timeOf(record) })
    }
    return { known: true, value: messages }
  } finally {
    closeSync(opened.value.fd)
  }
}

/** Now, by the clock that stamps the log: microseconds since the start, without the time the machine was suspended. They drift apart by some seconds in a month. */
export function kernelLogNow(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

/** The third field. */
function timeOf(record: Buffer): number {
  return Number(record.toString('latin1', 0, 80).split(/[,;]/)[2] ?? 0)
}

/** The descriptor of this process and what has been read for the marks that are open. */
interface SharedLog {
  readonly fd: number
  /** Room for the longest record. */
  readonly buffer: Buffer
  found: KernelMessage[]
  marks: number
}

let log: Known<SharedLog> | undefined

function markOf(messages: () => Known<readonly KernelMessage[]>, close: () => void): KernelLogMark {
  const lines = (): Known<string[]> => {
    const all = messages()
    return all.known ? { known: true, value: all.value.map(({ text }) => text) } : all
  }
  return { messages, lines, close, [Symbol.dispose]: close }
}

function openLog(): Known<SharedLog> {
  try {
    return { known: true, value: { fd: openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK), buffer: Buffer.allocUnsafe(8192), found: [], marks: 0 } }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return { known: false, why: code === 'EPERM' || code === 'EACCES' ? 'it may not be read (kernel.dmesg_restrict)' : `/dev/kmsg cannot be read: ${code}` }
  }
}

/** The driver says `overlayfs: `; a context without a log falls through as `overlay: `; the rest is the VFS. */
const ABOUT_MOUNTS = /^(?:overlayfs|overlay|VFS): /
const SEEK_END = 2

/** node:fs cannot seek: without FFI the records so far are read and dropped. */
function moveToEnd(shared: SharedLog): void {
  try {
    ffi().lseek(shared.fd, 0, SEEK_END)
  } catch {
    drain(shared)
  }
  shared.found = []
}

function drain(shared: SharedLog): void {
  for (const record of readRecords(shared)) {
    const message = parseRecord(record)
    if (message !== undefined && ABOUT_MOUNTS.test(message.text)) shared.found.push(message)
  }
}

const EPIPE = -32

/** One record a read, until there is no more; each is overwritten by the next. */
function* readRecords({ fd, buffer }: SharedLog): Generator<Buffer> {
  for (;;) {
    const length = readRecord(fd, buffer)
    if (length > 0) yield buffer.subarray(0, length)
    // EPIPE: records were overwritten before they were read; the next read goes on with the oldest left.
    else if (length !== EPIPE) return
  }
}

/** Length or a negative errno. That there is no more is the usual end, and too frequent to be thrown. */
function readRecord(fd: number, buffer: Buffer): number {
  try {
    return ffi().read(fd, buffer, buffer.length)
  } catch {
    return readWithoutFfi(fd, buffer)
  }
}

function readWithoutFfi(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer)
  } catch (error) {
    return (error as NodeJS.ErrnoException).errno ?? -1
  }
}

/** `priority,sequence,time,flags[,…];text\n KEY=value\n`, bytes that do not print as `\x0a`. */
function parseRecord(record: Buffer): KernelMessage | undefined {
  const parts = /^(\d+),[^;]*;([^\n]*)/.exec(record.toString('latin1'))
  if (parts === null) return undefined
  const text = (parts[2] as string).replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return { level: Number(parts[1]) & 7, text: decodeName(Buffer.from(text, 'latin1')) }
}
