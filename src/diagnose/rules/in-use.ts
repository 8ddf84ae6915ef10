/**
 * Layers that another live overlay holds as upper or work. With an index the kernel refuses them, without
 * it mounts and says so in its log. Those of other mount namespaces are known by a process that lives there.
 */

import type { FindingCode } from '../../errors/codes.ts'
import { ownerOf } from '../../mounts/owner.ts'
import { quoteShell } from '../../names/shell.ts'
import type { Facts, HolderFact, PathFact } from '../facts.ts'
import { isIndexed } from '../in-force.ts'
import { ancestorKeys, placeIndex, selfKeys } from '../place.ts'
import { quote, seen, suspect, valueOf } from '../suspect.ts'
import type { Suspect } from '../suspect.ts'
import { ROLE_WORDS } from './paths.ts'

const CODES: Readonly<Partial<Record<PathFact['role'], FindingCode>>> = { lower: 'lower-in-use', data: 'lower-in-use', upper: 'upper-in-use', work: 'work-in-use' }

/** Every layer that is, or lies inside, a directory that another overlay writes to. Each holder is named once. */
export function inUseSuspects(facts: Facts): Suspect[] {
  const own = valueOf(facts.mounted)?.id
  const holders = (valueOf(facts.holders) ?? []).filter(({ mountId }) => mountId !== own)
  if (holders.length === 0) return []
  const index = placeIndex(holders)
  const named = new Set<number>()
  const found: Suspect[] = []
  // Upper first: with upper taken, that work is taken too is no news.
  for (const fact of facts.paths.toSorted((a, b) => ORDER.indexOf(a.role) - ORDER.indexOf(b.role))) {
    const code = CODES[fact.role]
    const holder = [...selfKeys(fact), ...ancestorKeys(fact)].flatMap((key) => index.get(key) ?? [])[0]
    if (code === undefined || holder === undefined || named.has(holder.mountId)) continue
    named.add(holder.mountId)
    found.push(held(code, fact, holder, facts))
  }
  return found
}

const ORDER: readonly PathFact['role'][] = ['upper', 'work', 'lower', 'data', 'target']

function held(code: FindingCode, fact: PathFact, holder: HolderFact, facts: Facts): Suspect {
  const { target, role, path, elsewhere, maker, container } = holder
  const owner = maker === undefined ? undefined : ownerOf({ target, maker, [role]: path }, container === undefined ? {} : { container })
  const abroad = elsewhere === undefined ? '' : `, in the mount namespace of process ${elsewhere.pid} (${elsewhere.program})`
  const indexed = isIndexed(facts) === true
  return suspect(code, [fact.path, fact.absolute], {
    severity: indexed ? 'error' : 'warning',
    title: `${ROLE_WORDS[fact.role]} ${quote(fact.path)} is in use: it is ${fact.absolute === path ? 'the' : 'inside the'} ${role} of the overlay at ${quote(target)}${owner === undefined ? '' : ` of ${owner.whose}`}${abroad}`,
    evidence: [
      seen('mountinfo', `the overlay at ${quote(target)} has ${role}dir=${quote(path)}`),
      ...(elsewhere === undefined ? [] : [seen('proc', `process ${elsewhere.pid} (${elsewhere.program}) lives in mount namespace ${elsewhere.namespace}`)]),
    ],
    fix: [
      { text: fact.role === 'upper' || fact.role === 'work' ? 'Use an upper and a work directory of its own for each mount.' : 'Use a copy of it as the lower, or unmount the other overlay first.' },
      ...(owner?.fix ?? [{ text: 'Or take the other overlay down, if nobody needs it.', command: elsewhere === undefined ? `ovl umount ${quoteShell(target)}` : `nsenter --mount --target ${elsewhere.pid} umount ${quoteShell(target)}` }]),
      ...(indexed ? [{ text: 'index=off lets both mount, with undefined behaviour where they meet.' }] : []),
    ],
  })
}
