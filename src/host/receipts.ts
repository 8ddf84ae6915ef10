/**
 * Receipts on disk: one JSON file for each mount that ovl has to remember, in the state directory.
 * They are written whole (temporary file, then rename) and hold names in the escaped form of
 * names/bytes.ts, which JSON carries losslessly.
 */

import { existsSync, readdirSync, unlinkSync } from 'node:fs'
import { encodeName } from '../names/bytes.ts'
import { isOfNamespace } from '../mounts/receipt.ts'
import type { Home } from '../plan/plan-mount.ts'
import type { Receipt } from '../plan/step.ts'
import { lstatName, writeFileAtomic } from './files.ts'
import { ownNamespace } from './namespaces.ts'
import { readRegular } from './regular-file.ts'
import { bootId, pidNamespaceId, stateDirectory } from './system.ts'

/** Every receipt that can be read; what is no receipt is left alone. */
export function readReceipts(directory: string = stateDirectory()): Receipt[] {
  return entriesOf(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => readReceipt(`${directory}/${name}`))
    .filter((receipt) => receipt !== undefined)
}

/** The receipts of mounts at `target`: their names begin with its mark, so that no other file is opened. */
export function readReceiptsAt(target: string): Receipt[] {
  const directory = stateDirectory()
  if (!existsSync(directory)) return []
  const names = entriesOf(directory)
  if (names.length === 0) return []
  const mark = markOf(target)
  return names
    .filter((name) => name.startsWith(mark) && name.endsWith('.json'))
    .flatMap((name) => readReceipt(`${directory}/${name}`) ?? [])
    .filter((receipt) => receipt.target === target)
}

/** Those of mounts of this mount namespace. */
export function readOwnReceiptsAt(target: string): Receipt[] {
  const receipts = readReceiptsAt(target)
  if (receipts.length === 0) return []
  const here = { bootId: bootId(), mountNamespace: ownNamespace() }
  return receipts.filter((receipt) => isOfNamespace(receipt, here))
}

/** The place of a mount at `target` that this process makes, in the state directory unless another is said. */
export function homeOf(target: string, directory: string = stateDirectory()): Home {
  const { inode, id } = ownNamespace()
  return { stateDirectory: directory, id: receiptId(target), pid: process.pid, pidNamespace: pidNamespaceId(), mountNamespace: inode, ...(id === undefined ? {} : { mountNamespaceId: id }), bootId: bootId() }
}

/** A fresh name for the receipt and the directory of a mount at `target`. */
function receiptId(target: string): string {
  return `${markOf(target)}-${process.pid.toString(36)}${process.hrtime.bigint().toString(36)}`
}

/** The file of the state directory that whoever takes down a mount at `target` holds a lock on: host/target-lock.ts. */
export function lockName(target: string): string {
  return `${markOf(target)}.lock`
}

/** All locks that are held, or were. */
export function lockNames(): string[] {
  return entriesOf(stateDirectory()).filter((name) => /^[0-9a-f]{16}\.lock$/.test(name))
}

/** FNV-1a of 64 bits: only sorts receipts by target, and node:crypto would take 5 ms to load. */
function markOf(target: string): string {
  const hash = encodeName(target).reduce((sum, byte) => BigInt.asUintN(64, (sum ^ BigInt(byte)) * 0x100000001b3n), 0xcbf29ce484222325n)
  return hash.toString(16).padStart(16, '0')
}

/** 500 layers of the longest names take 2 MiB. */
const LARGEST = 8 * 1024 * 1024

/** One receipt, or undefined when it is gone or damaged. */
export function readReceipt(path: string): Receipt | undefined {
  try {
    const value = JSON.parse(readRegular(path, LARGEST).toString('utf8')) as Partial<Receipt>
    return value.version === 1 && typeof value.target === 'string' && typeof value.directory === 'string' ? (value as Receipt) : undefined
  } catch {
    return undefined
  }
}

/** Writes or replaces a receipt. */
export function writeReceipt(path: string, receipt: Receipt): void {
  writeFileAtomic(path, Buffer.from(`${JSON.stringify(receipt)}\n`), 0o600, `${pidNamespaceId()}-${process.pid}`)
}

/** Forgets a receipt; one that is gone already is fine. */
export function removeReceipt(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** Removes receipts that a killed process was still writing. One of another pid namespace cannot be looked for: writing takes no minute. */
export function removeUnfinished(isLive: (pid: number) => boolean): void {
  const directory = stateDirectory()
  for (const name of entriesOf(directory)) {
    const [draft, namespace, pid] = /\.json\.(?:(\d+)-)?(\d+)\.(?:\w+\.)?new$/.exec(name) ?? []
    const path = `${directory}/${name}`
    if (draft !== undefined && (namespace === pidNamespaceId() ? !isLive(Number(pid)) : isOld(path))) removeReceipt(path)
  }
}

function isOld(path: string): boolean {
  const found = lstatName(path)
  return typeof found === 'object' && found.mtimeNs < BigInt(Date.now() - 60_000) * 1_000_000n
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/**
 * The device is on record before the mount can be seen, so that a receipt whose writer died in between still finds its
 * mount. `mounted` is said only when it can be: until then a receipt without a mount is somebody's work in hand.
 */
export function amendReceipt(path: string | undefined, known: Partial<Receipt>): void {
  const receipt = path === undefined ? undefined : readReceipt(path)
  if (path !== undefined && receipt !== undefined) writeReceipt(path, { ...receipt, ...known })
}
