/** Puts a stack on disk, so that what its mount shows tells which directory lies where. */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { setXattr } from '../../../src/host/syscalls/xattr.ts'
import { nameBuffer } from '../../../src/host/syscalls/check.ts'
import { EMPTY_SPEC } from '../../../src/overlay/spec.ts'
import type { OverlaySpec } from '../../../src/overlay/spec.ts'
import type { Stack } from './stack.ts'

/** The stack with true paths. */
export interface Built extends Stack {
  readonly spec: OverlaySpec & { readonly target: string }
}

/**
 * Makes the directories of a stack below `base`.
 *
 *   lower n   `id-<n>`, which no other has; `top`, which all have; `over-<n>`, which the next one below has, too.
 *             Their content is n. The last one has `data-<k>`, whose content is in data-only layer k.
 *   data k    `data-<k>`
 */
export function build(stack: Stack, base: string): Built {
  const at = (path: string): string => `${base}${path}`
  const lower = stack.lower.map(at)
  const data = stack.data.map(at)
  for (const [n, path] of lower.entries()) {
    makeDirectory(path)
    for (const name of [`id-${n}`, 'top', ...(n < lower.length - 1 ? [`over-${n}`] : []), ...(n > 0 ? [`over-${n - 1}`] : [])]) writeFileSync(nameBuffer(`${path}/${name}`), String(n))
  }
  for (const [k, path] of data.entries()) {
    makeDirectory(path)
    writeFileSync(nameBuffer(`${path}/data-${k}`), String(k))
    makePointer(`${lower.at(-1)}/data-${k}`, k)
  }
  makeDirectory(at(stack.target))
  const writable = stack.upper === undefined || stack.work === undefined ? {} : { upper: at(stack.upper), work: at(stack.work) }
  const { source, options, flags } = stack
  const spec = { ...EMPTY_SPEC, lower: lower.map((path) => ({ path })), data: data.map((path) => ({ path })), ...writable, target: at(stack.target), source, options, flags }
  return { ...stack, lower, data, ...writable, target: spec.target, spec }
}

/** Upper and work as if they had never been used; upper holds `id-upper`. */
export function freshUpper({ upper, work }: Built): void {
  if (upper === undefined || work === undefined) return
  for (const path of [upper, work]) {
    rmSync(nameBuffer(path), { recursive: true, force: true })
    makeDirectory(path)
  }
  writeFileSync(nameBuffer(`${upper}/id-upper`), 'upper')
}

function makeDirectory(path: string): void {
  mkdirSync(nameBuffer(path), { recursive: true })
}

/** A metacopy file: its content is that of `/data-<k>` in whichever data-only layer has one. */
function makePointer(path: string, k: number): void {
  writeFileSync(nameBuffer(path), ' '.repeat(String(k).length))
  setXattr(path, 'trusted.overlay.metacopy', Buffer.alloc(0))
  setXattr(path, 'trusted.overlay.redirect', Buffer.from(`/data-${k}`))
}
