/** A live overlay: what an inspection does not judge, because it takes a longer look at the layers. Pure; `LiveState` is gathered by host/live-state.ts. */

import type { Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import type { Inspection } from '../mounts/inspection.ts'
import { quoteShell } from '../names/shell.ts'
import { quote } from './suspect.ts'

export interface LiveState {
  /** Entries of lowers that changed after the overlay was mounted, as far as was looked. */
  readonly changed: readonly { readonly lower: string; readonly path: string }[]
  /** Entries of the index that are none. */
  readonly indexJunk: readonly string[]
  readonly unseen: readonly string[]
}

/** Findings besides those of the inspection. */
export function judgeLive({ layers, work, target, options }: Inspection, { changed, indexJunk }: LiveState): Finding[] {
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
    ...covered.map(({ path, role, mountsBelow }) => finding('submounts-hidden', {
      title: `what is mounted below ${role} ${quote(path)} is not part of the overlay: ${mountsBelow.slice(0, 3).map(quote).join(', ')}${mountsBelow.length > 3 ? ` and ${mountsBelow.length - 3} more` : ''}`,
      evidence: mountsBelow.slice(0, 3).map((mount) => ({ fact: `a mount at ${quote(mount)}`, source: 'mountinfo' as const })),
      fix: [{ text: 'Name what is mounted there as a lower of its own, or bind it into the merged tree.', command: `mount --bind ${quoteShell(mountsBelow[0] as string)} ${quoteShell(`${target}${(mountsBelow[0] as string).slice(path.length)}`)}` }],
    })),
  ]
}
