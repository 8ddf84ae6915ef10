/** Paths that hold what only a shell expands: `~`, `$NAME`, quotes, braces. They are missing because nobody did. */

import { quoteShell } from '../../names/shell.ts'
import type { Facts, PathFact } from '../facts.ts'
import type { Fix } from '../../errors/finding.ts'
import { formatMountCommand } from '../../overlay/command.ts'
import { quote, seen, suspect } from '../suspect.ts'
import type { Suspect } from '../suspect.ts'

/** After the tilde stands nothing, or the name of a user: letters, digits, `.`, `_` and `-` (POSIX, “User Name”). */
const SIGNS: readonly { readonly pattern: RegExp; readonly what: string; readonly fix: string }[] = [
  { pattern: /(?:^|\/)~[\w.-]*\/|^~[\w.-]*$/, what: 'a “~” that no shell expanded', fix: 'Write $HOME, or the full path: a shell expands “~” only at the beginning of a word.' },
  { pattern: /^["'“”‘’]|["'“”‘’]$/, what: 'quotes that reached the kernel as part of the name', fix: 'Put the quotes around the whole word of the shell, not inside the options.' },
  { pattern: /\$(\w+|\{\w+\}|\(.+\))|^%[A-Z_]+%/, what: 'a variable that no shell expanded', fix: 'Use double quotes or none around it; in fstab and in units write the path itself.' },
  { pattern: /`.+`/, what: 'a command substitution that no shell expanded', fix: 'Use double quotes or none around it.' },
  { pattern: /\{[^{}]*,[^{}]*\}/, what: 'braces that no shell expanded', fix: 'Write each path as a word of its own.' },
]

/** A finding when the missing path looks unexpanded. Such names are legal, so only missing ones are asked about. */
export function unexpanded({ path, absolute, role }: PathFact, facts: Facts): Suspect | undefined {
  const sign = SIGNS.find(({ pattern }) => pattern.test(path))
  if (sign === undefined) return undefined
  return suspect('path-not-expanded', [path, absolute], {
    title: `${role} ${quote(path)} holds ${sign.what}`,
    evidence: [seen('stat', `stat(${quote(absolute)}): ENOENT`), ...(path.startsWith('/') ? [] : [seen('message', `taken as a name in ${quote(facts.cwd)}`)])],
    fix: [{ text: sign.fix, ...expandedByShell(path, facts) }, ...shownByShell(path)],
  })
}

/** A word in which a shell expands the tilde, and nothing else. */
function tildeWord(path: string): string | undefined {
  const [home = ''] = /^~[\w.-]*(?:\/|$)/.exec(path) ?? []
  const rest = path.slice(home.length)
  return home === '' ? undefined : `${home}${rest === '' ? '' : quoteShell(rest)}`
}

function shownByShell(path: string): Fix[] {
  const [, variable] = /\$\{?([A-Za-z_]\w*)/.exec(path) ?? []
  const word = tildeWord(path) ?? (variable === undefined ? undefined : `"$${variable}"`)
  return word === undefined ? [] : [{ text: 'See what the shell makes of it.', command: String.raw`printf '%s\n' ${word}` }]
}

/** The mount with each layer as a word of its own, so that the shell which reads it expands what it should have expanded. */
function expandedByShell(path: string, { spec }: Facts): { readonly command?: string } {
  const command = spec === undefined || tildeWord(path) === undefined ? undefined : formatMountCommand(spec)
  if (spec === undefined || command === undefined) return {}
  const layers = [...[...spec.lower, ...spec.data].map((layer) => layer.path), spec.upper ?? '', spec.work ?? '']
  return { command: layers.reduce((said, one) => said.replaceAll(` ${quoteShell(one)} `, () => ` ${tildeWord(one) ?? quoteShell(one)} `), command) }
}
