/** What is to be known of a pack besides its result: what is left out, whom it may surprise, whether there is room; and why it failed. */

import { isOvlError } from '../errors/ovl-error.ts'
import { finding } from '../errors/make-finding.ts'
import type { Finding } from '../errors/finding.ts'
import { statName } from '../host/files.ts'
import { findVisitors } from '../host/pack-tree.ts'
import { readRoom } from '../host/room.ts'
import { LINKED } from '../live/keep.ts'
import { isWithin, parentPath } from '../names/path.ts'
import type { LiveMount } from './live.ts'
import type { PackJob } from './pack-kinds.ts'

/** A part of the disk, shown for the symlinks into it: no part of the tree. */
export const isLinked = ({ target, inside }: LiveMount, path: string): boolean => inside.includes(path) && isWithin(path, `${target}${LINKED}`)

/** Mounts inside the tree that are no part of it. */
export function leftOut(live: LiveMount, all: readonly string[]): readonly Finding[] {
  const links = all.filter((path) => isLinked(live, path))
  const foreign = all.filter((path) => !links.includes(path))
  return [...(links.length === 0 ? [] : [linksKept(live, links)]), ...(foreign.length === 0 ? [] : [othersMounts(live, foreign)])]
}

function linksKept({ persist }: LiveMount, links: readonly string[]): Finding {
  return finding('pack-incomplete', { title: `what persistence.conf keeps by link is packed as symlinks: they lead nowhere without '${persist?.source ?? ''}'`, evidence: links.map((path) => ({ fact: `the symlinks lead into '${path}'`, source: 'mountinfo' as const })), fix: [{ text: 'To pack the files themselves, keep their directory by bind, and mount once more.' }] })
}

function othersMounts({ target }: LiveMount, foreign: readonly string[]): Finding {
  const names = foreign.toReversed().map((path) => `'${path.slice(target.length)}'`)
  return finding('pack-incomplete', { title: `${names.length === 1 ? 'a mount' : `${names.length} mounts`} inside the tree ${names.length === 1 ? 'is' : 'are'} not packed: ${names.slice(0, 8).join(', ')}${names.length > 8 ? ' …' : ''}`, evidence: foreign.map((path) => ({ fact: `something is mounted at '${path}' that is no part of the live system`, source: 'mountinfo' as const })), fix: [{ text: 'What lies below them in the live system is packed. Unmount them for a tree that looks as what is packed.' }] })
}

/** The mounts of `ovl live enter` stand on empty files that are there as long as it runs. */
export function visitors({ target }: LiveMount): readonly Finding[] {
  const pids = findVisitors(target)
  if (pids.length === 0) return []
  return [finding('pack-incomplete', { title: `a program runs in '${target}' with mounts of its own: what it made for them, and what it is just writing, is packed too`, explanation: 'ovl live enter makes empty files to mount over, and removes them when it ends.', evidence: pids.slice(0, 5).map((pid) => ({ fact: `process ${pid} sees more mounted inside it`, source: 'mountinfo' as const })), fix: [{ text: 'End it, then pack once more.' }] })]
}

/** Packed again, the layers take about the room they took. */
export function roomFindings({ live, kind, layer, out, medium }: PackJob): readonly Finding[] {
  const whole = live.layers.reduce((sum, { at }) => sum + sizeAt(at), 0)
  const image = layer ? 0 : whole
  const source = medium === undefined || (kind !== 'iso' && kind !== 'img') ? 0 : fileSize(medium.source)
  const needed = { squashfs: image, iso: image + Math.max(source, image), img: image + Math.max(source, image), tar: image }[kind]
  const { free } = readRoom(parentPath(out)).bytes
  if (needed <= free) return []
  return [finding('no-space', { severity: 'warning', confidence: 'possible', title: `'${parentPath(out)}' may be too small: about ${mebibytes(needed)} MiB are needed, ${mebibytes(free)} MiB are free`, evidence: [{ fact: `${free} bytes are free`, source: 'statfs' }], fix: [{ text: 'Name an output on another disk.' }] })]
}

const mebibytes = (bytes: number): number => Math.ceil(bytes / 1024 ** 2)

function sizeAt(path: string): number {
  try {
    return readRoom(path).bytes.total
  } catch {
    return 0
  }
}

function fileSize(path: string): number {
  const found = statName(path)
  return typeof found === 'object' && found.kind === 'file' ? Number(found.size) : 0
}

/** The error with its finding and the next step. */
export function explained(error: unknown, { out, live }: PackJob): unknown {
  if (!isOvlError(error) || error.findings.length > 0) return error
  const { code, message } = error.errno === 'ENOSPC' || error.errno === 'EDQUOT' ? error.with({ code: 'no-space' }) : error
  if (code === 'interrupted' || code === 'usage') return error
  const fix = code === 'no-space' ? [{ text: `Name an output on a larger disk; '${out}' is as it was.` }] : error.details.hint === undefined ? [] : [{ text: error.details.hint }]
  const known = code === 'unknown' && error.errno === 'EACCES' ? 'path-unreadable' : code
  const explanation = code === 'no-space' ? { explanation: 'The output is written beside the old file, a medium with its image besides, and takes its place when it is whole: the directory needs room for all of it.' } : {}
  return error.with({ code: known, findings: [finding(known, { title: message, ...explanation, evidence: [{ fact: `packing '${live.target}' into '${out}'`, source: 'file' }], fix })] })
}
