/** Paths that hold what only a shell expands: `~`, `$NAME`, quotes, braces. They are missing because nobody did. */

import { quoteShell } from '../../names/shell.ts'
import type { Facts, PathFact } from '../facts.ts'
import { formatMountCommand } from '../../overlay/command.ts'
import { quote, seen, suspect } from '../suspect.ts'
import type { Suspect } from '../suspect.ts'

const SIGNS: readonly { readonly pattern: RegExp; readonly what: string; readonly fix: string }[] = [
  { pattern: /(?:^|\/)~[\w-]*\/|^~[\w-]*$/, what: 'a “~” that no shell expanded', fix: 'Write $HOME, or the full path: a shell expands “~” only at the beginning of a word.' },
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
    fix: [{ text: sign.fix, ...expandedByShell(path, facts) }, { text: 'See what the shell makes of it.', command: `printf '%s\\n' ${path.startsWith('~') ? path : quoteShell(path)}` }],
  })
}

/** The mount with each layer as a word of its own, so that the shell which reads it expands what it should have expanded. */
function expandedByShell(path: string, { spec }: Facts): { readonly command?: string } {
  const command = spec === undefined || !path.startsWith('~/') ? undefined : formatMountCommand(spec)
  if (spec === undefined || command === undefined) return {}
  const tildes = [...[...spec.lower, ...spec.data].map((layer) => layer.path), spec.upper ?? '', spec.work ?? ''].filter((one) => one.startsWith('~/'))
  return { command: tildes.reduce((said, one) => said.replaceAll(` ${quoteShell(one)} `, () => ` ~/${quoteShell(one.slice(2))} `), command) }
}
