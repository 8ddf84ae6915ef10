/**
 * A walk over an upper, within bounds, which says when they ended it: how much of it a lower has as well (files under the
 * same path in both, and those of them that are byte for byte the same), and what notes of overlay stand on its entries,
 * which only some options can read. Renamed directories are not followed.
 */

import { lstatSync, readSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import type { UpperNote, UpperWalk } from '../diagnose/live-health.ts'
import { look } from './facts/look.ts'
import { readDirectory } from './files.ts'
import { openRegular } from './regular-file.ts'
import { nameBuffer } from './syscalls/check.ts'
import { getXattr } from './syscalls/xattr.ts'
import { decodeName } from '../names/bytes.ts'

/** Some hundred milliseconds on a disk. Beyond the bytes, equal size and time count as equal. */
const MOST_ENTRIES = 20_000
const MOST_BYTES = 64 * 1024 * 1024
const MOST_NOTES = 100

/** `whole`: these are all the lowers there are, so that what none of them has is nowhere. */
export function walkUpper(upper: string, lowers: readonly string[], whole: boolean): UpperWalk {
  const sum = { bytes: 0, copied: 0, unchanged: 0, compared: true, complete: true }
  const files: { path: string; bytes: number }[] = []
  const notes: UpperNote[] = []
  const queue = ['']
  // Below these the lowers have other names.
  const moved = new Set<string>()
  let left = MOST_BYTES
  for (let seen = 0; queue.length > 0; ) {
    const directory = queue.shift() as string
    const names = look(() => readDirectory(`${upper}${directory}`))
    for (const name of names.known ? names.value : []) {
      if (++seen > MOST_ENTRIES) return { ...sum, complete: false, files: largest(files), notes }
      const path = `${directory}/${name}`
      const found = statOf(`${upper}${path}`)
      if (found?.isDirectory() === true) {
        queue.push(path)
        const redirects = notesOf(`${upper}${path}`, path, 'redirect')
        if (redirects.length > 0 || moved.has(directory)) moved.add(path)
        if (notes.length < MOST_NOTES) notes.push(...redirects)
      }
      if (found?.isFile() !== true) continue
      // A metacopy has a size, and no blocks.
      if (found.blocks === 0n) {
        const isGone = whole && !moved.has(directory) && !lowers.some((layer) => statOf(`${layer}${path}`) !== undefined)
        if (found.size > 0n && notes.length < MOST_NOTES) notes.push(...notesOf(`${upper}${path}`, path, 'metacopy', isGone))
        continue
      }
      const bytes = Number(found.blocks) * 512
      sum.bytes += bytes
      const lower = lowers.map((layer) => `${layer}${path}`).find((one) => statOf(one) !== undefined)
      const below = lower === undefined ? undefined : statOf(lower)
      if (lower === undefined || below?.isFile() !== true) continue
      sum.copied += bytes
      if (below.size !== found.size) continue
      const readable = Number(found.size) <= left
      if (readable) left -= Number(found.size)
      else sum.compared = false
      if (readable ? !isSameContent(`${upper}${path}`, lower, Number(found.size)) : below.mtimeNs !== found.mtimeNs) continue
      sum.unchanged += bytes
      files.push({ path, bytes })
    }
  }
  return { ...sum, files: largest(files), notes }
}

/** Under either prefix: which one counts is a matter of userxattr. A metacopy with a redirect has its data elsewhere. */
function notesOf(entry: string, path: string, kind: UpperNote['kind'], isGone = false): UpperNote[] {
  return (['trusted', 'user'] as const).flatMap((prefix) => {
    const read = (name: string): Buffer | undefined => {
      const value = look(() => getXattr(entry, `${prefix}.overlay.${name}`))
      return value.known ? value.value : undefined
    }
    const value = read(kind)
    if (value === undefined) return []
    return [{ kind, prefix, path, value: decodeName(value), ...(isGone && read('redirect') === undefined ? { dataGone: true as const } : {}) }]
  })
}

const largest = (files: readonly { path: string; bytes: number }[]): UpperWalk['files'] => files.toSorted((a, b) => b.bytes - a.bytes).slice(0, 5)

function statOf(path: string): BigIntStats | undefined {
  const found = look(() => lstatSync(nameBuffer(path), { bigint: true }))
  return found.known ? found.value : undefined
}

/** Of so many bytes at most, should they grow meanwhile. */
function isSameContent(one: string, other: string, most: number): boolean {
  const same = look(() => {
    using a = openRegular(one)
    using b = openRegular(other)
    return isSameTo(a.fd, b.fd, most)
  })
  return same.known && same.value
}

function isSameTo(a: number, b: number, most: number): boolean {
  const [one, other] = [Buffer.allocUnsafe(256 * 1024), Buffer.allocUnsafe(256 * 1024)]
  for (let at = 0; at <= most; ) {
    const length = readSync(a, one, 0, one.length, at)
    if (readSync(b, other, 0, other.length, at) !== length || !one.subarray(0, length).equals(other.subarray(0, length))) return false
    if (length === 0) return true
    at += length
  }
  return false
}
