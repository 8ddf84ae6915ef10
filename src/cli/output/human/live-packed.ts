/** What `ovl live pack` made, in one line, and the next step. */

import type { LivePacked } from '../../../ops/live-pack.ts'
import { escapeText, showName } from '../escape.ts'
import { sizeOf } from './words.ts'

const WHAT: Readonly<Record<LivePacked['kind'], string>> = { squashfs: 'an image', iso: 'a medium', img: 'a medium for a USB stick', tar: 'an archive' }

export function renderLivePacked({ out, bytes, kind, layer, chain, next }: Omit<LivePacked, 'warnings'>): string {
  const stack = chain.length === 0 ? '' : kind === 'squashfs' && layer === undefined ? '' : `; topmost first: ${chain.map(showName).join(', ')}`
  return `${showName(out)}: ${WHAT[kind]} of ${sizeOf(bytes)}${stack}\n${escapeText(next)}\n`
}
