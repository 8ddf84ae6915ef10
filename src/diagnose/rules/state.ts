/** What earlier mounts left in upper and work. */

import type { Fix } from '../../errors/finding.ts'
import { quoteShell } from '../../names/shell.ts'
import { readAttempt } from '../attempt.ts'
import { mountAgain } from '../../overlay/command.ts'
import type { Facts, PathFact } from '../facts.ts'
import { isIndexed } from '../in-force.ts'
import { quote, seen, suspect, valueOf } from '../suspect.ts'
import type { Suspect } from '../suspect.ts'

export function stateSuspects(facts: Facts): Suspect[] {
  const work = facts.paths.find(({ role }) => role === 'work')
  return [...(work === undefined ? [] : leftovers(work, facts)), ...remembered(facts)]
}

function leftovers(work: PathFact, facts: Facts): Suspect[] {
  const found = valueOf(facts.work)
  if (found === undefined) return []
  const about = [work.path, work.absolute]
  const { incompat, index, indexJunk } = found
  const suspects: Suspect[] = []
  for (const feature of incompat) suspects.push(incompatible(feature, work))
  if (index !== undefined && index !== 'directory') {
    suspects.push(suspect('work-dir-unusable', about, {
      title: `${quote(`${work.path}/index`)} is not a directory`,
      explanation: 'With index=on the kernel keeps a directory “index” inside work, and something else stands in its place.',
      severity: isIndexed(facts) === false ? 'note' : 'error',
      evidence: [seen('stat', `${quote(`${work.absolute}/index`)} is a ${index}`)],
      fix: [{ text: 'Take it out of the way.', command: `mv -- ${quoteShell(`${work.absolute}/index`)} ${quoteShell(`${work.absolute}.index-was-here`)}` }],
    }))
  }
  const [junk] = indexJunk
  if (junk !== undefined) {
    suspects.push(suspect('index-mismatch', about, {
      title: `${quote(`${work.path}/index`)} holds ${indexJunk.length === 1 ? `${quote(junk)}, which is` : `${indexJunk.length} entries, such as ${quote(junk)}, that are`} not of an index`,
      explanation: 'With index=on the kernel checks each entry of its index before it mounts, and refuses an entry it did not write.',
      severity: isIndexed(facts) === false ? 'note' : 'error',
      evidence: indexJunk.slice(0, 3).map((name) => seen('stat', `${quote(`${work.absolute}/index/${name}`)}`)),
      fix: [{ text: 'Take it out of the index.', command: `mv -- ${quoteShell(`${work.absolute}/index/${junk}`)} ${quoteShell(`${work.absolute}.${junk}`)}` }],
    }))
  }
  return suspects
}

function incompatible(feature: string, work: PathFact): Suspect {
  const mark = `${work.absolute}/work/incompat/${feature}`
  const about = [work.path, work.absolute]
  const evidence = [seen('stat', `${quote(mark)} exists`)]
  if (feature !== 'volatile') {
    return suspect('work-dir-unusable', about, {
      title: `work ${quote(work.path)} was used with the feature ${quote(feature)}, which this kernel does not know`,
      explanation: 'A newer kernel marked this work directory as not to be mounted by kernels that lack a feature.',
      evidence,
      fix: [{ text: 'Mount it with the kernel that made it, unmount it cleanly, and use it here then.' }],
    })
  }
  return suspect('volatile-leftover', about, {
    title: `work ${quote(work.path)} has the mark of a volatile overlay that was not cleanly ended`,
    evidence,
    fix: [
      { text: 'Safest: start with a fresh upper and work, for files of this upper may be damaged.' },
      { text: 'Or, when you have looked at upper and trust it, remove the mark.', command: `rm -rf -- ${quoteShell(mark)}` },
    ],
  })
}

/** ESTALE while mounting has one meaning: the index knows other layers than these. The kernel’s words tell which. */
function remembered(facts: Facts): Suspect[] {
  if (readAttempt(facts)?.errno !== 'ESTALE') return []
  const { spec } = facts
  const indexed = isIndexed(facts)
  const upper = facts.paths.find(({ role }) => role === 'upper')
  const work = facts.paths.find(({ role }) => role === 'work')
  if (upper === undefined || work === undefined || spec === undefined || indexed === false) return []
  const lines = valueOf(facts.trial?.kernel)?.join('\n') ?? ''
  const otherUpper = /failed to verify (upper \(|index dir)/.test(lines)
  const otherLower = !otherUpper && /failed to verify (upper root origin|origin)/.test(lines)
  const fresh: Fix = { text: otherUpper ? 'Give this upper a work directory of its own.' : 'Or give this upper an empty work directory, if it belongs to this lower.', ...mountAgain({ ...spec, work: `${upper.path}.work2`, workDerived: false, mkdir: true }) }
  const again: Fix = { text: 'Mount it with the very lower, upper and work that it was first mounted with.' }
  return [suspect('index-mismatch', [upper.path, upper.absolute, work.path, work.absolute], {
    title: otherLower ? `upper ${quote(upper.path)} was first used with another lower` : otherUpper ? `work ${quote(work.path)} holds the index of another upper` : `upper ${quote(upper.path)} or work ${quote(work.path)} was used before with other layers than these`,
    confidence: indexed === true ? 'certain' : 'likely',
    evidence: [seen('probe', 'ESTALE, with an index in use')],
    fix: [...(otherUpper ? [fresh, again] : otherLower ? [again] : [again, fresh]), { text: 'Or turn the index off, if hard links need not survive copy-up.', ...withoutIndex(facts) }],
  })]
}

function withoutIndex({ spec }: Facts): Pick<Fix, 'command'> {
  if (spec === undefined) return {}
  const { nfs_export: _, ...options } = spec.options
  return mountAgain({ ...spec, options: { ...options, index: 'off' } })
}
