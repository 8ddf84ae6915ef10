/** A live overlay: what an inspection does not judge, because it takes a longer look at the layers. Pure; `LiveState` is gathered by host/live-state.ts. */

import type { Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import type { Inspection } from '../mounts/inspection.ts'
import { quoteShell } from '../names/shell.ts'
import { unreadable } from './upper-notes.ts'
import { quote } from './suspect.ts'

/** What upper holds, in bytes of its disk; counted as far as was looked. */
export interface UpperWalk {
  /** Of all its files; of those that a lower has under the same path; and of those that are the same there. */
  readonly bytes: number
  readonly copied: number
  readonly unchanged: number
  /** The largest of the last. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[]
  /** Contents were compared; else some were told by size and time. */
  readonly compared: boolean
  /** The walk came to its end. */
  readonly complete: boolean
  readonly notes: readonly UpperNote[]
}

/** What overlay wrote down about an entry of upper: that its data is in a lower, or where its directory was before. */
export interface UpperNote {
  readonly kind: 'metacopy' | 'redirect'
  readonly prefix: 'trusted' | 'user'
  /** From the top of upper. */
  readonly path: string
  readonly value: string
  /** No lower has a file of that path. */
  readonly dataGone?: true
}

export interface LiveState {
  /** Entries of lowers that changed after the overlay was mounted, as far as was looked. */
  readonly changed: readonly { readonly lower: string; readonly path: string }[]
  /** Entries of the index that are none. */
  readonly indexJunk: readonly string[]
  readonly walk?: UpperWalk
  readonly unseen: readonly string[]
}

/** Findings besides those of the inspection. */
export function judgeLive(inspection: Inspection, { changed, indexJunk, walk }: LiveState): Finding[] {
  const { layers, upper, work, target, options } = inspection
  const covered = layers.filter(({ mountsBelow, role }) => mountsBelow.length > 0 && role !== 'work')
  const [first] = changed
  return [
    ...(first === undefined ? [] : [finding('lower-modified', {
      title: `lower ${quote(first.lower)} was changed after it was mounted: ${quote(first.path)}${changed.length === 1 ? '' : ` and ${changed.length - 1} more`}`,
      severity: 'warning',
      // The time of the mount is that of the kernel’s own directory in work.
      confidence: 'likely',
      evidence: changed.slice(0, 5).map(({ path }) => ({ fact: `${quote(path)} changed later than the work directory was made ready`, source: 'stat' as const })),
      fix: [{ text: 'Mount it anew, so that nothing stale is shown, and change files through the mount only.', command: `ovl umount ${quoteShell(target)}` }],
    })]),
    ...(indexJunk.length === 0 || work === undefined ? [] : [finding('index-mismatch', {
      title: `the index in ${quote(work)} holds ${indexJunk.length === 1 ? 'an entry' : `${indexJunk.length} entries`} that the kernel did not write: ${quote(indexJunk[0] as string)}`,
      severity: options['index'] === 'on' ? 'warning' : 'note',
      evidence: indexJunk.slice(0, 3).map((name) => ({ fact: quote(`${work}/index/${name}`), source: 'stat' as const })),
      fix: [{ text: 'Take it out before the next mount with index=on, which would be refused.' }],
    })]),
    ...(upper === undefined || walk === undefined ? [] : [...unreadable(inspection, walk), ...bloat(upper, walk)]),
    ...covered.map(({ path, role, mountsBelow }) => finding('submounts-hidden', {
      title: `what is mounted below ${role} ${quote(path)} is not part of the overlay: ${mountsBelow.slice(0, 3).map(quote).join(', ')}${mountsBelow.length > 3 ? ` and ${mountsBelow.length - 3} more` : ''}`,
      evidence: mountsBelow.slice(0, 3).map((mount) => ({ fact: `a mount at ${quote(mount)}`, source: 'mountinfo' as const })),
      fix: [{ text: 'Name what is mounted there as a lower of its own, or bind it into the merged tree.', command: `mount --bind ${quoteShell(mountsBelow[0] as string)} ${quoteShell(`${target}${(mountsBelow[0] as string).slice(path.length)}`)}` }],
    })),
  ]
}

/** Below that nobody cares. */
const MUCH = 16 * 1024 * 1024
const MIB = 1024 * 1024

function bloat(upper: string, { bytes, copied, unchanged, files, compared, complete }: UpperWalk): Finding[] {
  const size = (count: number): string => `${Math.round(count / MIB)} MiB`
  const far = complete ? '' : ', as far as was looked'
  const how: Finding['evidence'] = [{ fact: `${size(bytes)} in files of upper${far}: ${size(copied)} under a path that a lower has too, ${size(unchanged)} of it ${compared ? 'with the same content' : 'with the same content, or the same size and time'}`, source: 'stat' }]
  const [first] = files
  if (unchanged >= MUCH && first !== undefined) {
    return [finding('copy-up-bloat', {
      title: `upper ${quote(upper)} holds ${size(unchanged)} that a lower has unchanged, ${quote(first.path)} the largest of it`,
      confidence: compared ? 'certain' : 'likely',
      evidence: [...how, ...files.map((file) => ({ fact: `${size(file.bytes)}: ${quote(file.path)}`, source: 'stat' as const }))],
      fix: [{ text: 'Mount with metacopy=on: a chmod or chown then copies no data. Copies that are there stay.' }, { text: 'While it is not mounted, such copies can be removed from upper; they take their owner, mode and times along.', command: `ls -l ${quoteShell(`${upper}${first.path}`)}` }],
    })]
  }
  if (copied < MUCH || copied < bytes * 0.9) return []
  return [finding('copy-up-bloat', {
    title: `upper ${quote(upper)} is mostly copies of files that a lower has, changed since: ${size(copied)} of ${size(bytes)}`,
    evidence: how,
    fix: [{ text: 'Overlay copies whole files. For large files that change a little all the time, bind a directory of their own over theirs in the merged tree.' }],
  })]
}
