/** What a failure most likely means when nothing that was seen or said explains it. Never `certain`. */

import { quoteShell } from '../../names/shell.ts'
import type { Attempt } from '../attempt.ts'
import type { Facts } from '../facts.ts'
import { isIndexed } from '../in-force.ts'
import { quote, seen, suspect, valueOf } from '../suspect.ts'
import type { Suspect } from '../suspect.ts'

/** Guesses by errno. */
export function guesses(facts: Facts, { errno = '' }: Attempt): Suspect[] {
  return BY_ERRNO[errno]?.(facts) ?? []
}

const pathOf = (facts: Facts, role: string): string | undefined => facts.paths.find((fact) => fact.role === role)?.path

const BY_ERRNO: Readonly<Record<string, (facts: Facts) => Suspect[]>> = {
  EBUSY: (facts) => {
    if (isIndexed(facts) === false) return []
    const upper = pathOf(facts, 'upper')
    return [suspect('upper-in-use', upper === undefined ? [] : [upper], {
      title: `${upper === undefined ? 'a layer' : `upper ${quote(upper)}, its work or a lower`} is held by an overlay that cannot be seen from here`,
      confidence: 'likely',
      evidence: [seen('probe', 'EBUSY, and no overlay of this mount namespace holds it')],
      fix: [{ text: 'Look into all mount namespaces: containers and services have their own.', command: 'ovl list --all-namespaces' }],
    })]
  },
  EINVAL: (facts) => facts.paths.filter(({ role, fsType, stackDepth }) => role === 'lower' && valueOf(fsType) === 'overlay' && stackDepth?.known === false).slice(0, 1).map(({ path, absolute }) =>
    suspect('stack-too-deep', [path, absolute], {
      title: `lower ${quote(path)} lies on an overlay, perhaps over another overlay`,
      confidence: 'likely',
      evidence: [seen('mountinfo', `${quote(absolute)} lies on an overlay whose own layers cannot be followed from here`)],
      fix: [{ text: 'Name the layers of that overlay instead of the overlay.', command: `findmnt -T ${quoteShell(absolute)}` }],
    })),
  ENOSPC: (facts) => {
    const upper = pathOf(facts, 'upper')
    return [suspect('no-space', [], {
      title: `no space${upper === undefined ? '' : ` for upper ${quote(upper)}`}: a quota, or space that only root may use`,
      confidence: 'possible',
      evidence: [seen('statfs', 'blocks and inodes are left')],
      fix: [{ text: 'Look at the quotas of this user and this directory.', command: 'quota -s' }],
    })]
  },
}
