/** A mounted live system: one line after the mount, the whole of it for status. */

import type { LiveMount } from '../../../ops/live.ts'
import type { LiveStatus } from '../../../ops/live-status.ts'
import { escapeText, showName } from '../escape.ts'
import type { View } from '../view.ts'
import { renderFinding } from './finding.ts'
import { renderTable } from './table.ts'
import { countOf, sizeOf } from './words.ts'

const KEEPS: Readonly<Record<LiveMount['keeps'], string>> = { everything: 'changes are kept', 'some places': 'changes are kept in some places', nothing: 'changes are lost on umount' }

/** What `ovl live mount -v` says. */
export function renderLiveMounted(live: Pick<LiveMount, 'target' | 'system' | 'source' | 'layers' | 'keeps' | 'persist'>): string {
  return `${headline(live)}\n`
}

export function renderLiveStatus(status: LiveStatus, view: View): string {
  const { layers, room, upper, upperOn, persist, inside, findings, cmdline, target, memory, directory } = status
  const row = (label: string, words: string): string => `  ${view.style.faint(label.padEnd(10))}${words}`
  const { bytes, inodes } = room
  return [
    view.style.strong(headline(status)),
    '',
    'Topmost first: each layer covers the ones below it.',
    '',
    ...renderTable([{ title: 'LAYER', elastic: 20 }, { title: 'SIZE', align: 'right' }], layers.map(({ name, size }) => [showName(name), size === undefined ? 'directory' : sizeOf(size)]), view).trimEnd().split('\n').map((line) => `  ${line}`),
    '',
    row('layers', `below ${showName(directory)}`),
    row('upper', `${escapeText(upperOn)}, ${showName(upper)}`),
    row('used', `${sizeOf(bytes.used)} of ${sizeOf(bytes.total)}, ${sizeOf(bytes.free)} free${inodes.total === 0 ? '' : `; ${inodes.used} of ${inodes.total} inodes`}`),
    ...(upperOn === 'tmpfs' && memory !== undefined ? [row('memory', `${sizeOf(memory.available)} of ${sizeOf(memory.total)} free`)] : []),
    ...(persist === undefined ? [] : [row('kept on', `${persist.what} ${showName(persist.source)}`)]),
    ...inside.map((path) => row('kept', showName(path === target ? path : path.slice(target.length)))),
    ...(cmdline === '' ? [] : [row('boot line', escapeText(cmdline))]),
    '',
    ...(findings.length === 0 ? [] : [findings.map((finding) => renderFinding(finding, view)).join('\n')]),
  ].join('\n').replace(/\n*$/, '\n')
}

function headline({ target, system, source, layers, keeps }: Pick<LiveMount, 'target' | 'system' | 'source' | 'layers' | 'keeps'>): string {
  return `${showName(target)}: ${system === 'plain' ? 'a live system' : system} of ${countOf(layers.length, 'layer')} from ${showName(source)}; ${KEEPS[keeps]}`
}
