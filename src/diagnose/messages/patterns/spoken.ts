/** All tables of tool phrases, applied line by line; and lines that are only the aftermath of something earlier. */

import { ANY_STAGE } from '../../attempt.ts'
import { canExplain } from '../../causes.ts'
import { CONTAINERS } from './containers.ts'
import { CIRCUMSTANCE, TOOL, ranked } from './hint.ts'
import type { Family, Phrase } from './hint.ts'
import { MODULES } from './modules.ts'
import { MOUNT8 } from './mount8.ts'
import { RIGHTS } from './rights.ts'

/** Container tools retell; the others say what they or the kernel saw. */
const TABLES: readonly Phrase[] = [...MODULES, ...RIGHTS, ...CONTAINERS.map(({ words, codes, weight }) => ({ words, codes, weight })), ...MOUNT8]

export const bySpeech: Family = ({ lines, errno, moment }) => TABLES.flatMap(({ words, codes, weight, sure }) => {
  const line = lines.find(({ text, typed, aftermath, sentences }) => !typed && !aftermath && sentences.length === 0 && words.test(text.slice(0, 6000)))
  const hints = line === undefined ? [] : ranked(codes, weight, line.text, sure === true ? { sure } : {})
  // Faint words give way to an errno that they cannot end in.
  return weight > CIRCUMSTANCE || moment !== 'mount' ? hints : hints.filter(({ code }) => code === 'unknown' || canExplain(code, { stages: ANY_STAGE, ...(errno === undefined ? {} : { errno }) }))
})

/** Nothing but consequences was pasted. */
export const aftermath: Family = ({ lines }) => {
  const alone = lines.every((one) => one.aftermath || one.typed)
  const line = lines.find((one) => one.aftermath && (alone || /unmount/i.test(one.text)))
  if (line === undefined) return []
  return [{ code: 'secondary-error', weight: alone ? TOOL + 2 : 20, because: line.text }]
}
