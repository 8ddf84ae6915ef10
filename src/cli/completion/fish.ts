/** Fish completion: one `complete` line for each option. */

import { firstWords, secondWord } from '../command-name.ts'
import type { CommandDef, OptionDef, ValueDef } from '../define.ts'
import { optionsOf } from '../parser.ts'
import type { MountOptionWords } from './completion.ts'

export function renderFish(commands: readonly CommandDef[], words: MountOptionWords): string {
  const firsts = firstWords(commands)
  const groups = firsts.filter(({ members }) => members.length > 0)
  return `# fish completion for ovl, made by: ovl completion fish

function __ovl_overlays
    string match -r '^(?:\\S+ ){4}\\S+(?= .* - (?:overlay|fuse\\.fuse-overlayfs) )' </proc/self/mountinfo | string replace -r '^(?:\\S+ ){4}' '' | string unescape
end

function __ovl_mount_options
    set -l token (commandline -ct | string replace -r '^(--options=|-o)' '')
    set -l head (string match -r '^.*,' -- $token)
    set -l last (string replace -r '^.*,' '' -- $token)
    switch $last
        case ${words.layers.map((name) => quote(`${name}=*`)).join(' ')}
            set head "$head"(string match -r '^.*[=:]' -- $last)
            for path in (__fish_complete_directories (string replace -r '^.*[=:]' '' -- $last))
                printf '%s\\n' "$head$path"
            end
${words.values.map(({ name, words: values }) => `        case ${quote(`${name}=*`)}\n            printf '%s\\n' "$head"${name}={${values.join(',')}}`).join('\n')}
        case '*'
            printf '%s\\n' "$head"{${[...words.layers.map((name) => `${name}=`), ...words.values.map(({ name }) => `${name}=`), ...words.bare].join(',')}}
    end
end

# The command so far, by its first word or its first two, is $argv.
function __ovl_command
    set -l said (string match -v -- '-*' (commandline -opc)[2..])
${groups.length === 0 ? '    set said $said[1]' : `    contains -- "$said[1]" ${groups.map(({ word }) => word).join(' ')}; and set said $said[1..2]; or set said $said[1]`}
    test "$said" = "$argv"
end

complete -c ovl -f
${firsts.map(({ word, summary }) => `complete -c ovl -n __ovl_command -a ${word} -d ${quote(summary)}`).join('\n')}
${groups.flatMap(({ word, members }) => members.map((member) => `complete -c ovl -n ${quote(`__ovl_command ${word}`)} -a ${secondWord(member)} -d ${quote(member.summary)}\n`)).join('')}${optionsOf(undefined).map((option) => `complete -c ovl ${argument(option)}`).join('\n')}
${commands.flatMap((command) => renderCommand(command)).join('\n')}
`
}

function renderCommand({ name, options, positionals }: CommandDef): string[] {
  const when = `complete -c ovl -n ${quote(`__ovl_command ${name}`)}`
  const words = values(positionals.value)
  return [...options.map((option) => `${when} ${argument(option)}`), ...(words === '' ? [] : [`${when} ${words}`])]
}

function argument({ name, short, value, bare, does }: OptionDef): string {
  // -x is -r (takes a value) and -f (which is no file).
  const taken = value === undefined ? '' : ` ${bare !== undefined ? (value.kind === 'file' ? '' : '-f') : value.kind === 'file' ? '-r' : '-x'} ${values(value)}`
  return `${short === undefined ? '' : `-s ${short} `}-l ${name}${taken.trimEnd()} -d ${quote(does)}`
}

function values({ kind, words }: ValueDef): string {
  if (words !== undefined) return `-a ${quote(words.join(' '))}`
  if (kind === 'directory') return "-a '(__fish_complete_directories)'"
  if (kind === 'file') return "-F"
  if (kind === 'overlay') return "-a '(__ovl_overlays)'"
  return kind === 'mount-options' ? "-a '(__ovl_mount_options)'" : ''
}

const quote = (text: string): string => `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`
