/**
 * Bash completion, for bash 4.3 and without the bash-completion package. Readline splits words at `=` and
 * `:`, which stand inside lowerdir=A:B; so the line is split here, and replies are cut back to what readline replaces.
 */

import { firstWords, secondWord } from '../command-name.ts'
import type { CommandDef, OptionDef, ValueDef } from '../define.ts'
import { optionsOf } from '../parser.ts'
import type { MountOptionWords } from './completion.ts'

export function renderBash(commands: readonly CommandDef[], words: MountOptionWords): string {
  const groups = firstWords(commands).filter(({ members }) => members.length > 0)
  const everywhere = optionsOf(undefined).map(({ name }) => `--${name}`)
  return `# bash completion for ovl, made by: ovl completion bash

_ovl_reply() {
    local word strip="\${cur%"\${cur##*[=:]}"}"
    for word; do
        [[ $word == "$cur"* ]] && COMPREPLY+=("\${word#"$strip"}")
    done
}

_ovl_paths() { # directory|file HEAD
    local path flag=-d
    [[ $1 == file ]] && flag=-f
    compopt -o filenames 2>/dev/null
    while IFS= read -r path; do _ovl_reply "$2$path"; done < <(compgen "$flag" -- "\${cur#"$2"}")
}

_ovl_overlays() { # HEAD
    local target rest
    while read -r _ _ _ _ target rest; do
        case $rest in *' - overlay '* | *' - fuse.fuse-overlayfs '*)
            printf -v target %b "\${target//\\\\/\\\\0}"
            compopt -o filenames 2>/dev/null
            _ovl_reply "$1$target" ;;
        esac
    done < /proc/self/mountinfo
}

_ovl_mount_options() { # HEAD
    local head=$1 last word
    last=\${cur#"$head"}
    [[ $last == *,* ]] && head+=\${last%,*}, last=\${last##*,}
    compopt -o nospace 2>/dev/null
    case $last in
        ${words.layers.map((name) => `${name}=*`).join(' | ')})
            head+=\${last%%=*}= last=\${last#*=}
            [[ $last == *:* ]] && head+=\${last%:*}: last=\${last##*:}
            _ovl_paths directory "$head" ;;
${words.values.map(({ name, words: values }) => `        ${name}=*) for word in ${values.join(' ')}; do _ovl_reply "\${head}${name}=$word"; done ;;`).join('\n')}
        *) for word in ${[...words.layers.map((name) => `${name}=`), ...words.values.map(({ name }) => `${name}=`), ...words.bare].join(' ')}; do _ovl_reply "$head$word"; done ;;
    esac
}

_ovl() {
    local cur prev command= head= word
    local -a line
    COMPREPLY=()
    read -a line <<< "\${COMP_LINE:0:COMP_POINT}"
    [[ \${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && line+=('')
    cur=\${line[-1]} prev=\${line[-2]}
    for word in "\${line[@]:1:\${#line[@]}-2}"; do
        [[ $word == -* ]] && continue
        command+=\${command:+ }$word
${groups.length === 0 ? '        break' : `        case $command in ${groups.map(({ word }) => word).join(' | ')}) ;; *) break ;; esac`}
    done
    if [[ $cur == --*=* ]]; then prev=\${cur%%=*} head=$prev=; fi
    case $command in
        '') for word in ${[...firstWords(commands).map(({ word }) => word), ...everywhere].join(' ')}; do _ovl_reply "$word"; done ;;
${groups.map(({ word, members }) => `        ${word}) for word in ${[...members.map(secondWord), ...everywhere].join(' ')}; do _ovl_reply "$word"; done ;;\n`).join('')}${commands.map(renderCommand).join('\n')}
    esac
}

complete -F _ovl ovl
`
}

function renderCommand(command: CommandDef): string {
  const options = optionsOf(command)
  const valued = options.filter(({ value }) => value !== undefined)
  const flags = options.map((option) => `--${option.name}${option.value !== undefined && option.bare === undefined ? '=' : ''}`)
  return `        '${command.name}') case $prev in
${valued.map((option) => `            ${spellings(option).join(' | ')}) ${complete(option.value as ValueDef)} ;;`).join('\n')}
            *) if [[ $cur == -* ]]; then
                    for word in ${flags.join(' ')}; do _ovl_reply "$word"; done
                    [[ \${COMPREPLY[*]} == *= ]] && compopt -o nospace 2>/dev/null
                else
                    ${complete(command.positionals.value)}
                fi ;;
            esac ;;`
}

/** An option with a bare form takes the next word only if it is one of its own: `=` is the sure way. */
function spellings({ name, short, bare }: OptionDef): string[] {
  return [`--${name}`, ...(short === undefined || bare !== undefined ? [] : [`-${short}`])]
}

function complete({ kind, words }: ValueDef): string {
  if (words !== undefined) return `for word in ${words.join(' ')}; do _ovl_reply "$head$word"; done`
  if (kind === 'directory' || kind === 'file') return `_ovl_paths ${kind} "$head"`
  if (kind === 'overlay') return '_ovl_overlays "$head"'
  return kind === 'mount-options' ? '_ovl_mount_options "$head"' : ':'
}
