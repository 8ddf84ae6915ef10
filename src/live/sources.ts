/** Where the layers of a live system lie as files: an image by itself, a part of the ISO, or a directory. */

import type { Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import { quoteShell } from '../names/shell.ts'
import type { LiveSource } from '../plan/plan-live.ts'
import { findFile } from './medium.ts'
import type { Medium } from './medium.ts'
import type { LiveLayer } from './live-plan.ts'

export interface LiveSources {
  /** Topmost first. */
  readonly layers: readonly LiveSource[]
  readonly findings: readonly Finding[]
}

/** The layers as `ovl live mount` attaches them; what cannot be attached is a finding of severity error. */
export function sourcesOf(medium: Medium, layers: readonly LiveLayer[]): LiveSources {
  const findings: Finding[] = []
  const found = layers.flatMap((layer): LiveSource[] => {
    const { name, path } = layer
    const file = findFile(medium, path)
    if (layer.kind === 'directory') {
      if (medium.kind === 'directory') return [{ name, path, file: `${medium.source}${path}` }]
      findings.push(unattachable(medium, `the layer '${path}' is a directory inside an ISO, which only a kernel with iso9660 can show`))
      return []
    }
    const image = file?.image === 'unknown' ? undefined : file?.image
    if (medium.kind !== 'iso') return [{ name, path, file: medium.kind === 'images' ? path : `${medium.source}${path}`, ...(image === undefined ? {} : { type: image }) }]
    if (file?.extents === undefined || file.extents.length === 0) {
      findings.push(unattachable(medium, `where the layer '${path}' lies in the ISO cannot be told`))
      return []
    }
    return [{ name, path, file: medium.source, type: image ?? 'squashfs', slices: joined(file.extents) }]
  })
  return { layers: found, findings }
}

/** A file of more than 4 GiB has several extents, which mostly follow each other. */
function joined(extents: readonly { readonly offset: number; readonly length: number }[]): { offset: number; length: number }[] {
  const runs: { offset: number; length: number }[] = []
  for (const { offset, length } of extents) {
    const last = runs.at(-1)
    if (last !== undefined && last.offset + last.length === offset) last.length += length
    else runs.push({ offset, length })
  }
  return runs
}

function unattachable({ source }: Medium, title: string): Finding {
  return finding('image-unreadable', { title, evidence: [{ fact: title, source: 'file' }], fix: [{ text: 'Unpack the medium and mount the directory.', command: `xorriso -osirrox on -indev ${quoteShell(source)} -extract / medium && ovl live mount medium TARGET` }] })
}
