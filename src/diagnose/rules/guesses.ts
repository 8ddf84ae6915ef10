/** What a failure most likely means when nothing that was seen or said explains it. Never `certain`. */

import type { FindingCode } from '../../errors/codes.ts'
import { parentPath } from '../../names/path.ts'
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

/** A directory that ovl was to make, and could not. */
function notMade({ paths, trial }: Facts, code: FindingCode, why: string): Suspect[] {
  const asked = trial?.step === 'make-dir' ? paths.filter(({ made, errno }) => made === true && errno === 'ENOENT') : []
  // The target is made first; where it could not have been that one, what could is the one.
  const inOrder = asked.toSorted((a, b) => Number(b.role === 'target') - Number(a.role === 'target'))
  const fact = inOrder.find((one) => trial?.errno === 'EROFS' && (valueOf(one.mountReadOnly) === true || valueOf(one.superReadOnly) === true)) ?? inOrder[0]
  if (fact === undefined) return []
  const parent = parentPath(fact.culprit ?? fact.absolute)
  return [suspect(code, [fact.path, fact.absolute], {
    title: `${fact.role} ${quote(fact.path)} cannot be made: ${why}`,
    confidence: 'likely',
    evidence: [seen('probe', `mkdir: ${trial?.errno ?? 'failed'}`)],
    fix: [{ text: 'Make it beforehand, or name another place.', command: `ls -ld -- ${quoteShell(parent)}` }],
  })]
}

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
  EACCES: (facts) => notMade(facts, 'path-unreadable', 'no permission to write in its parent'),
  EROFS: (facts) => notMade(facts, 'target-missing', 'its parent is on a read-only file system'),
  EOVERFLOW: (facts) => {
    const upper = pathOf(facts, 'upper')
    return [suspect('owner-unmapped', upper === undefined ? [] : [upper], {
      title: `the owner of ${upper === undefined ? 'a layer' : `upper ${quote(upper)} or its work`} has no counterpart in this user namespace`,
      confidence: 'likely',
      evidence: [seen('probe', 'EOVERFLOW')],
      fix: [{ text: 'Look at who owns them, and at the ids that are mapped.', command: `ls -ldn ${upper === undefined ? '' : `${quoteShell(upper)} `}; cat /proc/self/uid_map` }],
    })]
  },
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
