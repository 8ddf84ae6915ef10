/**
 * Flags of the mounts that layers lie on. The kernel takes none of them over (6.18, measured): what noexec forbids
 * below is run through the overlay. That `ro` of upper's mount is refused is filesystem.ts.
 */

import type { Finding } from '../../errors/finding.ts'
import { finding } from '../../errors/make-finding.ts'
import { mountAgain } from '../../overlay/command.ts'
import type { MountFlag } from '../../overlay/spec.ts'
import type { Facts, PathFact } from '../facts.ts'
import { quote, seen, valueOf } from '../suspect.ts'
import { ROLE_WORDS } from './paths.ts'

/** What each flag forbids, in words for what is then possible. */
const FORBIDS: Readonly<Partial<Record<MountFlag, string>>> = { noexec: 'its programs can be run', nodev: 'its devices can be opened', nosuid: 'its set-user-id bits count' }
const FLAGS = Object.keys(FORBIDS) as MountFlag[]

/** One finding for upper, one for the first of the lowers: on many systems all of them lie on one mount. */
export function flagFindings(facts: Facts): Finding[] {
  const upper = facts.paths.find(({ role }) => role === 'upper')
  const found = upper === undefined ? [] : flagFinding(upper, facts)
  const known = new Set(valueOf(upper?.mountFlags) ?? [])
  const lower = facts.paths.find((fact) => fact.role === 'lower' && lost(fact, facts).some((flag) => !known.has(flag)))
  return [...found, ...(lower === undefined ? [] : flagFinding(lower, facts))]
}

const lost = ({ mountFlags }: PathFact, { spec }: Facts): MountFlag[] => FLAGS.filter((flag) => valueOf(mountFlags)?.includes(flag) === true && spec?.flags.includes(flag) !== true)

function flagFinding(fact: PathFact, facts: Facts): Finding[] {
  const flags = lost(fact, facts)
  const { spec } = facts
  if (flags.length === 0 || spec === undefined) return []
  const mountPoint = valueOf(fact.mountPoint) ?? '?'
  return [finding('flags-not-inherited', {
    title: `the overlay will not be ${flags.join(', ')} as the mount of ${ROLE_WORDS[fact.role]} ${quote(fact.path)} is`,
    // Whoever mounted it noexec meant it; the others are the custom of /tmp and /run.
    severity: flags.includes('noexec') && fact.role === 'upper' ? 'warning' : 'note',
    evidence: [seen('mountinfo', `${quote(mountPoint)} is mounted ${flags.join(',')}; through the overlay ${flags.map((flag) => FORBIDS[flag]).join(', ')}`)],
    fix: [{ text: 'If that matters, say the flags for the overlay too.', ...mountAgain({ ...spec, flags: [...spec.flags, ...flags] }) }],
  })]
}
