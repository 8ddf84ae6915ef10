/** `ovl diagnose`: 0 nothing wrong, 1 a finding of severity error, 2 could not look. */

import { examine } from '../../ops/diagnose.ts'
import type { DiagnoseRequest } from '../../ops/diagnose.ts'
import { explainCode, readCaseFile, saveCase } from '../../ops/diagnose-case.ts'
import { given } from '../define.ts'
import type { Call, Outcome } from '../define.ts'
import { mountWords } from '../mount-words.ts'
import { renderDiagnosis } from '../output/human/diagnosis.ts'
import { typeset } from '../output/human/words.ts'
import { noOverlay } from '../no-overlay.ts'
import { isPasted, readPasted } from '../pasted.ts'
import { readMessage } from '../stdin.ts'
import { nearestWord, usageError } from '../usage-error.ts'
import { FINDING_CODES } from '../../errors/codes.ts'

export async function handler(call: Call): Promise<Outcome> {
  const { text: { code, facts, 'from-facts': from, message, target }, flag, positionals, rest = [] } = call
  const asked = [code, from, message, target].filter((word) => word !== undefined).length + (positionals.length + rest.length > 0 || hasLayers(call) ? 1 : 0)
  if (asked > 1) throw usageError('say one thing at a time: WORDS, --message, --target, --from-facts or --code', undefined, 'diagnose')
  for (const [word, other, said] of [['redact', 'facts', facts], ['check', 'message', message]] as const) if (flag[word] === true && said === undefined) throw usageError(`--${word} goes with --${other}`, undefined, 'diagnose')
  if (code !== undefined) return explained(code)
  const request = await requestOf(call, { from, message, target })
  const other = request.words === undefined ? undefined : noOverlay(request.words)
  if (other !== undefined) return { data: other, exit: other.findings.some(({ severity }) => severity === 'error') ? 1 : 0, text: (view) => renderDiagnosis(other, 'these words', view) }
  const { diagnosis, judged } = await examine(request)
  const { findings, unseen } = diagnosis
  if (facts !== undefined) {
    if (judged === undefined) throw usageError('--facts goes with WORDS', undefined, 'diagnose')
    await saveCase(facts, judged, flag['redact'] === true, call.signal)
  }
  const wrong = findings.some(({ severity }) => severity === 'error')
  const blind = Object.keys(request).length === 1 && findings.length === 0 && unseen.some((line) => line.startsWith('the kernel log'))
  return { data: diagnosis, exit: wrong ? 1 : blind ? 2 : 0, ...given({ done: facts === undefined ? undefined : `'${facts}' is written` }), text: (view) => renderDiagnosis(diagnosis, whatWasAsked(request), view) }
}

const hasLayers = ({ list, text, flag }: Call): boolean => list['lower'] !== undefined || list['options'] !== undefined || text['upper'] !== undefined || flag['tmpfs'] === true

async function requestOf(call: Call, { from, message, target }: Readonly<Record<'from' | 'message' | 'target', string | undefined>>): Promise<DiagnoseRequest> {
  const { signal, flag, positionals, rest = [] } = call
  if (from !== undefined) return { facts: await readCaseFile(from, signal), signal }
  if (target !== undefined) return { target, signal }
  if (message !== undefined) return { message: await readMessage(message, signal), check: flag['check'] === true, signal }
  if (positionals.length + rest.length === 0 && !hasLayers(call)) return { signal }
  const pasted = isPasted(positionals) ? { ...call, positionals: positionals.slice(positionals.findIndex((word) => /(?:^|\/)mount$/.test(word)) + 1) } : call
  return { words: mountWords(rest.length > 0 ? await readPasted(rest) : pasted), trial: flag['no-trial'] !== true, signal }
}

function whatWasAsked({ words, target, message, facts }: DiagnoseRequest): string {
  if (words !== undefined || facts !== undefined) return 'these words'
  if (target !== undefined) return `the overlay at '${target}'`
  return message === undefined ? 'the kernel log and this system' : 'this text'
}

function explained(said: string): Outcome {
  const code = FINDING_CODES.find((known) => known === said)
  if (code === undefined) throw usageError(`there is no finding '${said}'`, nearestWord(said, FINDING_CODES), 'diagnose')
  const { page, text } = explainCode(code)
  return { data: page, text: (view) => typeset(text, view) }
}
