/** The known word nearest to a misspelt one, by edit distance. */

import { OPTION_TABLE } from './options.ts'
import { MOUNT_FLAGS, PROPAGATIONS } from './spec.ts'

/** Words people write for overlay’s own, too far away for an edit distance. */
const KNOWN_AS: Readonly<Record<string, string>> = {
  lower: 'lowerdir=', lowers: 'lowerdir=', lowerdirs: 'lowerdir=', upper: 'upperdir=', work: 'workdir=', redirect: 'redirect_dir=', metadata: 'metacopy=',
}

const WORDS = ['lowerdir=', 'lowerdir+=', 'datadir+=', 'upperdir=', 'workdir=', ...OPTION_TABLE.map(({ name }) => name), ...MOUNT_FLAGS, ...PROPAGATIONS]

/** The option meant by `word`, or undefined when none is near. */
export function nearestOption(word: string): string | undefined {
  const known = KNOWN_AS[word]
  if (known !== undefined) return known
  const [best] = WORDS.map((candidate) => ({ candidate, distance: editDistance(word, candidate.replace('=', '')) })).sort((a, b) => a.distance - b.distance)
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 4)) ? best.candidate : undefined
}

/** Levenshtein distance. Words here are short: a longer one than any option is near to none. */
export function editDistance(a: string, b: string): number {
  if (a.length > 64) return a.length
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length] as number
}
