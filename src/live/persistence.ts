/**
 * persistence.conf of live-boot: text → the mounts it makes, in the order it makes them, and what it would
 * skip or stop at. Also the order in which it stacks the images under a union, which is not that of the
 * root without persistence. Nothing is read or mounted here.
 * Rules: persistence.conf(5), and lib/live/boot/9990-misc-helpers.sh of live-boot 20230131.
 */

import type { Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import { compareNames } from '../names/bytes.ts'
import { baseName, isWithin } from '../names/path.ts'
import type { LiveLayer } from './live-plan.ts'

export interface PersistenceMount {
  /** Where it lies in the live system: `/home`. */
  readonly target: string
  /** Inside the volume, without a leading slash; `.` is its top directory. */
  readonly source: string
  readonly method: 'bind' | 'link' | 'union'
  /** Of the text, from 1. */
  readonly line: number
}

export interface Persistence {
  /** In the order live-boot makes them: by target, links last. */
  readonly mounts: readonly PersistenceMount[]
  readonly findings: readonly Finding[]
}

/** Each is compared with each. */
const MOST_MOUNTS = 500

/** Text of a persistence.conf → its mounts. What live-boot would skip is skipped, with a finding. */
export function parsePersistence(text: string): Persistence {
  const lines = text.split('\n')
  const unended = lines.pop() ?? ''
  const read = lines.map((line, at) => readLine(line, at + 1)).filter((line) => line !== undefined)
  const rows = read.flatMap((line) => ('row' in line ? [line.row] : []))
  if (rows.length > MOST_MOUNTS) return { mounts: [], findings: [finding('persistence-unusable', { severity: 'error', title: `persistence.conf asks for ${rows.length} mounts, and no more than ${MOST_MOUNTS} are looked at`, fix: [{ text: 'Keep a directory above them instead.' }] })] }
  const bound = rows.filter(({ links }) => !links).toSorted((a, b) => compareNames(a.key, b.key))
  const ordered = [...bound.filter(({ key }, at) => key !== bound[at - 1]?.key), ...rows.filter(({ links }) => links)]
  return {
    mounts: ordered.map(({ mount }) => mount).filter((mount, at, all) => !isCovered(mount, at, all)),
    findings: [...read.flatMap((line) => ('fault' in line ? [line.fault] : [])), ...lastLine(unended, lines.length + 1), ...repeated(ordered), ...nested(ordered)],
  }
}

/**
 * The lower layers of a union mount, topmost first. live-boot takes its mounted images in the order of their names and
 * appends each: the first name is on top. Images that are directories are not among them, nor is the order of a .module list.
 */
export function unionLayers(layers: readonly LiveLayer[]): readonly LiveLayer[] {
  return layers.filter(({ kind }) => kind === 'file').toSorted((a, b) => compareNames(baseName(a.path), baseName(b.path)))
}

/** What to know when `/ union` is said for this stack (topmost first); undefined when it stays the same. */
export function findReversal(layers: readonly LiveLayer[]): Finding | undefined {
  const under = unionLayers(layers)
  if (under.length === layers.length && under.every((layer, at) => layer === layers[at])) return undefined
  const words = (stack: readonly LiveLayer[]): string => stack.map(({ name }) => name).join(' over ')
  return finding('live-order-reversed', {
    title: `with persistence of '/' by union, ${layers.length} images are stacked in another order`,
    evidence: [{ fact: `without persistence: ${words(layers)}`, source: 'file' }, { fact: `under / union: ${words(under)}`, source: 'file' }],
    fix: [{ text: 'Join the images into one, which has no order: ovl live pack.' }, { text: "Keep single directories instead of '/', by bind: '/home', '/etc/NetworkManager'." }],
  })
}

interface Row {
  readonly mount: PersistenceMount
  /** What sort(1) compares: target, then options. */
  readonly key: string
  readonly links: boolean
  /** The source as live-boot writes it behind the volume: empty for its top, but `/.` where that was said. */
  readonly place: string
}

const METHODS = ['bind', 'link', 'union'] as const
const DOTS = /^(?:.*\/)?\.\.?(?:\/.*)?$/

/** read(1) without -r: a backslash takes the next character as it is, then it is gone. */
function readLine(line: string, number: number): { readonly row: Row } | { readonly fault: Finding } | undefined {
  const [, word = '', options = ''] = /^[ \t]*((?:\\.|[^ \t\\])*)[ \t]*(.*)$/s.exec(withoutBlanks(line)) ?? []
  const said = word.replaceAll(/\\(.?)/gs, '$1')
  if (said === '' || said.startsWith('#')) return undefined
  const skip = (why: string): { readonly fault: Finding } => ({ fault: skipped(number, line, why) })
  // Unquoted from here on: a blank ends the name.
  const target = trim(said.replace(/[ \t].*/s, ''))
  if (!target.startsWith('/')) return skip('its directory is no absolute path')
  if (target.startsWith('/lib')) return skip("what begins with '/lib' must not be covered")
  if (isWithin(target, '/run/live')) return skip("'/run/live' is live-boot's own")
  if (DOTS.test(target.slice(1))) return skip("its path holds '.' or '..'")
  const words = options.split(/[ \t,]+/).filter((option) => option !== '')
  const unknown = words.find((option) => !METHODS.some((method) => method === option) && !option.startsWith('source='))
  if (unknown !== undefined) return skip(unknown.endsWith('\r') ? 'it ends in a carriage return: the file has DOS line ends' : `it has the unknown option '${unknown}'`)
  const from = words.findLast((option) => option.startsWith('source='))?.slice('source='.length) ?? ''
  if (from !== '.' && (from.startsWith('/') || (from !== '' && DOTS.test(from)))) return skip(`its source '${from}' is no path below the top of the volume`)
  const place = trim(`/${from === '' ? target : from}`).replace(/^\/$/, '')
  const source = place === '/.' ? '' : place.slice(1)
  const method = METHODS.find((known) => known === words.findLast((option) => !option.startsWith('source='))) ?? 'bind'
  return { row: { mount: { target, source: source === '' ? '.' : source, method, line: number }, key: `${target} ${options}`, links: words.includes('link'), place } }
}

/** Blanks at the end go; a carriage return is none. */
function withoutBlanks(line: string): string {
  let end = line.length
  while (end > 0 && ' \t'.includes(line[end - 1] as string)) end--
  return line.slice(0, end)
}

const trim = (path: string): string => path.replaceAll(/\/+/g, '/').replace(/(.)\/$/, '$1')

function skipped(line: number, text: string, why: string): Finding {
  return finding('persistence-line-skipped', { title: `line ${line} of persistence.conf is skipped: ${why}`, evidence: [{ fact: text.trim(), source: 'file' }] })
}

/** read(1) fails at an end of file, so that the loop ends before it looks at what it read. */
function lastLine(text: string, line: number): Finding[] {
  if (/^\s*(?:#|$)/.test(text)) return []
  return [finding('persistence-line-skipped', {
    title: `line ${line} of persistence.conf is skipped: it does not end in a newline`,
    evidence: [{ fact: text, source: 'file' }],
    fix: [{ text: 'End the last line.', command: 'echo >> persistence.conf' }],
  })]
}

/** It is skipped where another is mounted; / is taken away for a later one. Symlinks are no mount. */
function isCovered({ target }: PersistenceMount, at: number, all: readonly PersistenceMount[]): boolean {
  return (target === '/' ? all.slice(at + 1) : all.slice(0, at)).some((other) => other.target === target && (target === '/' || other.method !== 'link'))
}

/** A second mount on one target: it is skipped, or for / takes the first one away. */
function repeated(rows: readonly Row[]): Finding[] {
  return rows.flatMap(({ mount }, at) => {
    const first = rows.slice(0, at).find(({ mount: { target, method } }) => target === mount.target && (target === '/' || method !== 'link'))
    if (first === undefined) return []
    return [finding('persistence-line-skipped', { title: `line ${mount.line} of persistence.conf says '${mount.target}' again, after line ${first.mount.line}: ${mount.target === '/' ? 'it takes the first one away' : 'it is skipped'}` })]
  })
}

/**
 * live-boot puts the sources in order, compares neighbours by grep(1), and stops the boot at one below the other. What that
 * does not catch (`a`, `a-b`, `a/c`; `.`, `ab`) is nested all the same.
 */
function nested(rows: readonly Row[]): Finding[] {
  const sorted = rows.toSorted((a, b) => compareNames(`${a.place} ${a.key}`, `${b.place} ${b.key}`))
  const path = ({ mount: { source } }: Row): string => (source === '.' ? '/' : `/${source}`)
  return sorted.flatMap((row, at) => {
    const before = sorted[at - 1]
    const stops = before !== undefined && isCaught(row.place, before.place)
    const outer = stops ? before : sorted.find((other, index) => other !== row && isWithin(path(row), path(other)) && (index < at || path(row) !== path(other)))
    if (outer === undefined) return []
    const [a, b] = [outer.mount, row.mount]
    return [finding('persistence-sources-nested', {
      ...(stops ? {} : { severity: 'warning' as const }),
      title: `persistence.conf: ${a.source === b.source ? `lines ${a.line} and ${b.line} keep '${a.target}' and '${b.target}' in the same place` : `'${b.target}' (line ${b.line}) is kept inside what '${a.target}' (line ${a.line}) keeps`}${stops ? ': live-boot stops the boot' : ''}`,
      evidence: [{ fact: `sources '${a.source}' and '${b.source}'`, source: 'file' }],
      fix: [{ text: `Give each a source of its own: '${a.target} ${a.method},source=${a.target === '/' ? 'rootfs' : `keep${a.target}`}'.` }],
    })]
  })
}

/** To grep a dot is any character: the top, said as `.`, catches a name of one letter. */
function isCaught(place: string, before: string): boolean {
  const any = before.replaceAll(/[\\^$*+?()[\]{}|/-]/g, String.raw`\$&`)
  return new RegExp(`^${any}(?:/.*)?$`, 's').test(place)
}
