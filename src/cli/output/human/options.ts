/** The result of `ovl options`: the string alone, for pasting, or with --explain what became of the words. */

import type { FsconfigCall } from '../../../overlay/encode.ts'
import type { OptionsDescription } from '../../../ops/options.ts'
import { quoteShell } from '../../../names/shell.ts'
import { escapeText, showName } from '../escape.ts'
import type { View } from '../view.ts'
import { hang } from './finding.ts'

export function renderOptions(described: Omit<OptionsDescription, 'findings'>, explain: boolean, view: View): string {
  const text = described.calls?.map(callText) ?? [escapeText(described.text ?? '')]
  return [...text, ...(explain ? ['', ...explanation(described, view)] : []), ''].join('\n')
}

/** As strace would show it. */
function callText(call: FsconfigCall): string {
  const key = `"${call.key}"`
  if (call.set === 'flag') return `fsconfig(fs, FSCONFIG_SET_FLAG, ${key}, NULL, 0)`
  if (call.set === 'string') return `fsconfig(fs, FSCONFIG_SET_STRING, ${key}, ${cString(call.value)}, 0)`
  return `fsconfig(fs, FSCONFIG_SET_FD, ${key}, NULL, open(${cString(call.path)}, O_PATH))`
}

function cString(text: string): string {
  return `"${escapeText(text.replaceAll(/["\\]/g, String.raw`\$&`))}"`
}

function explanation({ for: way, form, bytes, cwd, escapes, shortened }: Omit<OptionsDescription, 'findings'>, { style }: View): string[] {
  const row = (label: string, ...lines: string[]): string[] => hang(label, lines.map((line) => `              ${line}`), style.faint)
  return [
    ...row('for', `${way} (${form})`),
    ...row('bytes', `${bytes.used} of ${bytes.limit}${way === 'fsconfig' ? ', if it were mount(2): this way has no such limit' : ''}`),
    ...(escapes.length === 0 ? row('escapes', 'none needed') : row('escapes', ...escapes.map(({ path, encoded }) => `${showName(path)} is written ${escapeText(encoded)}`))),
    ...(shortened === undefined ? [] : row('shortened', `${form === 'proc-fd' ? 'numbers of descriptors, known when the layers are open' : `names relative to ${showName(shortened.directory)}`}: ${shortened.before} bytes before, ${shortened.after} after`)),
    ...(cwd === undefined ? [] : row('run it in', quoteShell(cwd))),
  ]
}
