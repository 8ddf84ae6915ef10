/** Sizes of what a live system puts into memory, against the memory there is. */

import type { Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import { quoteShell } from '../names/shell.ts'
import type { LiveUpper } from '../plan/plan-live.ts'
import type { LivePlan } from './live-plan.ts'

export interface MemoryView {
  /** Bytes. */
  readonly total: number
  readonly available: number
}

const UNITS = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 } as const

/** `64m` → bytes; undefined when it is no size. */
export function bytesOfSize(size: string): number | undefined {
  const [, number, unit] = /^(\d+)([kmgt]?)(?:i?b)?$/i.exec(size) ?? []
  const bytes = Number(number) * UNITS[(unit ?? '').toLowerCase() as keyof typeof UNITS]
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined
}

/** What a tmpfs of that size may take; without one it is half of the memory. */
export function tmpfsLimit(size: string | undefined, { total }: MemoryView): number {
  const percent = /^(\d+)%$/.exec(size ?? '50%')?.[1]
  return percent === undefined ? (bytesOfSize(size ?? '') ?? total / 2) : (total * Number(percent)) / 100
}

/** How the layers come into memory: bytes of the tmpfs for them, when they do. `asked` by the caller, or by the boot line alone. */
export function planToram({ toram, layers }: Pick<LivePlan, 'toram' | 'layers'>, asked: boolean, memory: MemoryView | undefined): { readonly bytes?: number; readonly findings: readonly Finding[] } {
  // A name that is not there copies nothing.
  if (!asked && toram !== true && !layers.some(({ name }) => name === toram)) return { findings: [] }
  const bytes = Math.ceil(layers.reduce((sum, { size }) => sum + size, 0) * 1.05) + 1024 * 1024
  if (asked || memory === undefined || bytes <= memory.available) return { bytes, findings: [] }
  return { findings: [finding('no-space', {
    severity: 'warning', title: `the boot line says toram, but the layers take ${sizeOf(bytes)}, and ${sizeOf(memory.available)} of memory are free: they are read from the medium`,
    explanation: 'The live system does the same: what does not fit into memory stays where it is.',
    evidence: [{ fact: `${sizeOf(memory.available)} of ${sizeOf(memory.total)} of memory are free`, source: 'proc' }],
    fix: [{ text: 'Keep the medium as long as it is mounted.' }],
  })] }
}

/** `toram`: bytes of the tmpfs for the layers. */
export function memoryFindings({ toram = 0, upper, memory }: { readonly toram?: number | undefined; readonly upper: LiveUpper; readonly memory: MemoryView | undefined }): Finding[] {
  if (memory === undefined) return []
  const evidence = [{ fact: `${sizeOf(memory.available)} of ${sizeOf(memory.total)} of memory are free`, source: 'proc' as const }]
  if (toram > memory.available) return [finding('no-space', { title: `the layers do not fit into memory: they take ${sizeOf(toram)}, and ${sizeOf(memory.available)} are free`, explanation: 'To copy them there would drive other programs out, and in the end the kernel would kill some.', evidence, fix: [{ text: 'Leave out --toram: the layers are then read from the medium.' }] })]
  if (upper.on !== 'tmpfs') return []
  const limit = tmpfsLimit(upper.size, memory)
  const free = memory.available - toram
  return limit <= free ? [] : [lowMemory(`changes may take ${sizeOf(limit)} of memory, and only ${sizeOf(Math.max(0, free))} are free`, evidence)]
}

/** For a tmpfs that may still grow by more than is free. */
export function lowMemory(title: string, evidence: Finding['evidence']): Finding {
  return finding('no-space', {
    severity: 'warning', title, evidence,
    explanation: 'The upper is a tmpfs: what is changed lies in memory. When that runs out, before the tmpfs is full, the kernel kills programs.',
    fix: [{ text: 'Say a smaller one: --size 1g.' }, { text: 'Or keep changes on a disk: --persist DIR, or --persist IMAGE --size 4g.' }],
  })
}

interface Part {
  readonly used: number
  readonly free: number
  readonly total: number
}

export interface UpperRoom {
  readonly target: string
  /** Mount point of the file system that upper lies on, and its type. */
  readonly upperAt: string
  readonly upperOn: string
  readonly room: { readonly bytes: Part; readonly inodes: Part }
  readonly memory: MemoryView | undefined
  readonly keeps: 'everything' | 'some places' | 'nothing'
}

/** From this part on it is told. */
const NEARLY_FULL = 0.8

/** What is to be said of the room of a mounted live system. */
export function judgeRoom({ target, upperAt, upperOn, room: { bytes, inodes }, memory, keeps }: UpperRoom): Finding[] {
  const inMemory = upperOn === 'tmpfs'
  const place = inMemory ? `the tmpfs that takes the changes of '${target}'` : `the disk that keeps the changes of '${target}'`
  const fix = [
    ...(inMemory ? [{ text: 'Make it larger: it may grow while it is mounted.', command: `mount -o remount,size=${Math.ceil((bytes.total * 2) / 1024 ** 2)}m ${quoteShell(upperAt)}` }] : []),
    { text: keeps === 'everything' ? 'Move upper to a larger disk: copy it, and mount again.' : 'Mount it again with its changes on a disk: --persist DIR, or --persist IMAGE --size 8g.' },
  ]
  const full = (part: Part): boolean => part.total > 0 && part.total - part.free >= part.total * NEARLY_FULL
  const percent = (part: Part): number => Math.floor(((part.total - part.free) * 100) / part.total)
  const explanation = 'All that is changed goes to this one file system. When it is full every write fails with “no space left on device”, however much the layers or other disks have free.'
  const evidence = (fact: string): Finding['evidence'] => [{ fact, source: 'statfs' }]
  return [
    ...(full(bytes) ? [finding('no-space', { severity: bytes.free === 0 ? 'error' : 'warning', title: `${place} is ${percent(bytes)} % full: ${sizeOf(bytes.free)} of ${sizeOf(bytes.total)} are free`, explanation, evidence: evidence(`${bytes.used} bytes used, ${bytes.free} free`), fix })] : []),
    ...(full(inodes) ? [finding('no-inodes', { severity: inodes.free === 0 ? 'error' : 'warning', title: `${place} has used ${percent(inodes)} % of its inodes: ${inodes.free} of ${inodes.total} are free`, evidence: evidence(`${inodes.used} inodes used, ${inodes.free} free`), fix: fix.slice(-1) })] : []),
    ...(inMemory && memory !== undefined && bytes.free > memory.available ? [lowMemory(`changes may still take ${sizeOf(bytes.free)} of memory, and only ${sizeOf(memory.available)} are free`, [{ fact: `${sizeOf(memory.available)} of ${sizeOf(memory.total)} of memory are free`, source: 'proc' }])] : []),
  ]
}

/** In binary units: `1.4 GiB`. */
export function sizeOf(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power] as string}`
}
