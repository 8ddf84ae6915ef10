/** Zsh completion: one _arguments call for each command. Saved as `_ovl` in $fpath, or sourced. */

import { firstWords, secondWord } from '../command-name.ts'
import type { CommandDef, OptionDef, ValueDef } from '../define.ts'
import { optionsOf } from '../parser.ts'
import type { MountOptionWords } from './completion.ts'

export function renderZsh(commands: readonly CommandDef[], words: MountOptionWords): string {
  const firsts = firstWords(commands)
  return `#compdef ovl
# zsh completion for ovl, made by: ovl completion zsh

_ovl_overlays() {
  local -a targets
  local target rest
  while read -r _ _ _ _ target rest; do
    [[ $rest == *' - overlay '* || $rest == *' - fuse.fuse-overlayfs '* ]] && targets+=("$(printf %b "\${target//\\\\/\\\\0}")")
  done < /proc/self/mountinfo
  compadd -f -a targets
}

_ovl_mount_options() {
  compset -P '*,'
  case $PREFIX in
    ${words.layers.map((name) => `${name}=*`).join('|')}) compset -P '*[=:]'; _files -/ -S '' ;;
${words.values.map(({ name, words: values }) => `    ${name}=*) compset -P '*='; compadd -S '' -- ${values.join(' ')} ;;`).join('\n')}
    *) compadd -S '' -- ${[...words.layers.map((name) => `${name}=`), ...words.values.map(({ name }) => `${name}=`), ...words.bare].join(' ')} ;;
  esac
}

${firsts.filter(({ members }) => members.length > 0).map(({ word, members }) => renderChoice(`_ovl_${word}`, members.map((member) => ({ word: secondWord(member), summary: member.summary, body: renderCommand(member) })))).join('')}
${renderChoice('_ovl', firsts.map(({ word, summary, command }) => ({ word, summary, body: command === undefined ? `_ovl_${word}` : renderCommand(command) })))}
if [[ $funcstack[1] == _ovl ]]; then _ovl "$@"; else compdef _ovl ovl; fi
`
}

interface Choice {
  readonly word: string
  readonly summary: string
  /** What completes the words after it. */
  readonly body: string
}

/** A function that completes one word out of these, then what belongs to it. */
function renderChoice(name: string, choices: readonly Choice[]): string {
  return `${name}() {
  local curcontext=$curcontext state line
  local -A opt_args
  local -a commands=(
${choices.map(({ word, summary }) => `    ${quote(`${word}:${summary}`)}`).join('\n')}
  )
  _arguments -C \\
${optionsOf(undefined).map((option) => `    ${argument(option)} \\`).join('\n')}
    '1:command:->command' '*::word:->word'
  case $state in
    command) _describe -t commands command commands ;;
    word) case $line[1] in
${choices.map(({ word, body }) => `      ${word}) ${body} ;;`).join('\n')}
    esac ;;
  esac
}
`
}

function renderCommand(command: CommandDef): string {
  return `_arguments -s \\
${optionsOf(command).map((option) => `        ${argument(option)} \\`).join('\n')}
        ${quote(`*:${command.positionals.value.name}:${action(command.positionals.value)}`)}`
}

/** `(-l --lower)`, unless repeated, excludes the other spelling. */
function argument({ name, short, value, many, bare, does }: OptionDef): string {
  const tail = `[${does.replaceAll(/[[\]:\\]/g, String.raw`\$&`)}]${value === undefined ? '' : `${bare === undefined ? ':' : '::'}${value.name}:${action(value)}`}`
  const long = `--${name}${value === undefined ? '' : bare === undefined ? '=' : '=-'}`
  const repeat = many === true ? '*' : ''
  if (short === undefined) return quote(`${repeat}${long}${tail}`)
  return `${many === true ? "'*'" : quote(`(-${short} --${name})`)}{-${short}${value === undefined ? '' : '+'},${long}}${quote(tail)}`
}

function action({ kind, words }: ValueDef): string {
  // A colon would end the action.
  if (words !== undefined) return `(${words.join(' ').replaceAll(':', String.raw`\:`)})`
  if (kind === 'directory') return '_files -/'
  if (kind === 'file') return '_files'
  if (kind === 'overlay') return '_ovl_overlays'
  return kind === 'mount-options' ? '_ovl_mount_options' : ' '
}

const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
