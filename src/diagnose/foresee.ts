/**
 * What mount(8) would call a success, foreseen where no trial can show it because others stood for the
 * real directories: a read-only fallback, flags of upper’s mount that the overlay does not have.
 */

import type { Finding } from '../errors/finding.ts'
import { errnoWords } from '../errors/errno.ts'
import { finding } from '../errors/make-finding.ts'
import { mountAgain } from '../overlay/command.ts'
import { quoteShell } from '../names/shell.ts'
import type { Facts } from './facts.ts'
import { judgeMounted } from './judge.ts'
import { flagFindings } from './rules/flags.ts'
import { quote } from './suspect.ts'
import type { WorkTrouble } from './trial-answer.ts'

export function foresee(facts: Facts, work: WorkTrouble | undefined): Finding[] {
  return [...readOnlyFallback(facts, work), ...behindTheMount(facts), ...flagFindings(facts)]
}

/** The same for an overlay that stands, and is read-only because of `work`. */
export function foreseeLive(facts: Facts, work: WorkTrouble | undefined): Finding[] {
  return [...readOnlyFallback(facts, work, true), ...behindTheMount(facts)]
}

function readOnlyFallback({ spec, paths }: Facts, trouble: WorkTrouble | undefined, stands = false): Finding[] {
  const work = paths.find(({ role }) => role === 'work')
  if (trouble === undefined || work === undefined || spec === undefined || spec.flags.includes('ro')) return []
  const name = `${work.path}/work`
  return [finding('work-dir-unusable', {
    title: `the kernel ${stands ? 'could not' : 'will not be able to'} make or empty ${quote(name)}: ${errnoWords(trouble.errno)}; the mount ${stands ? 'is' : 'will be'} read-only, without an error`,
    severity: 'warning',
    evidence: [{ fact: `${quote(trouble.path)}: ${WHY[trouble.errno] ?? trouble.errno}`, source: 'probe' }],
    fix: [
      { text: 'Look at what lies there, at its owner and its flags.', command: `ls -la ${quoteShell(work.absolute)} ${quoteShell(trouble.path)}; lsattr -d ${quoteShell(trouble.path)}` },
      { text: 'Or use a fresh work directory beside upper.', ...mountAgain({ ...spec, work: `${spec.upper ?? work.path}.work2`, workDerived: false, mkdir: true }) },
    ],
  })]
}

const WHY: Readonly<Record<string, string>> = {
  EPERM: 'it is immutable', EACCES: 'the mounter may not write there', EBUSY: 'something is mounted on it', ENOTEMPTY: 'it holds directories deeper than the kernel empties by itself',
}

/** The rules for a mount that stands, as far as they rest on paths alone: the worst of it is not in any log. */
function behindTheMount(facts: Facts): Finding[] {
  const { trial: _trial, mounted: _mounted, ...seen } = facts
  return judgeMounted(seen).filter(({ code }) => code === 'upper-inside-lower' || code === 'work-other-filesystem')
}
