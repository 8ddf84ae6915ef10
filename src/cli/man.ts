/** The man page ovl(1), from the command table: roff text. */

import type { CommandDef, OptionDef } from './define.ts'
import { MOUNT_EXITS } from './exit-codes.ts'
import { GLOBAL_OPTIONS } from './global-options.ts'
import { sentence, shownDoes, shownKey } from './shown.ts'
import { MOUNT_WORDS } from './mount-words.ts'

/** `date` as YYYY-MM-DD. */
export function renderManPage(commands: readonly CommandDef[], version: string, date: string): string {
  return `${[
    `.TH OVL 1 ${date} "ovl ${version}" "User Commands"`,
    // Options and paths must not be hyphenated, nor blanks stretched inside them.
    '.nh', '.ad l',
    '.SH NAME', text('ovl - Linux overlay mounts: say them, check them, mount them, take them down'),
    '.SH SYNOPSIS', ...synopsis(commands),
    '.SH DESCRIPTION',
    text('ovl mounts, explains and takes down overlays of the Linux kernel. What it is told it checks first; what the kernel then refuses or silently leaves out it says in words, with the command that puts it right.'),
    '.PP', text('Lower layers are said topmost first, the order of lowerdir=. The words of mount(8) are understood unchanged.'),
    '.SH COMMANDS', ...commands.flatMap(describe),
    '.SH MOUNT WORDS', text('What to mount, for every command that takes these words.'), ...MOUNT_WORDS.flatMap(option),
    '.SH EVERYWHERE', ...GLOBAL_OPTIONS.flatMap(option),
    '.SH EXIT STATUS', text('Of mount, umount and remount, as of mount(8):'), ...MOUNT_EXITS.flatMap(([code, meaning]) => tagged(String(code), meaning)),
    '.PP', text('Other commands: 0 success, 1 failure, 2 system error.'),
    '.PP', text('When what was asked for is done and the result cannot be written to standard output (a full disk), one line on standard error says so, with the code output-failed and what stays, such as a mount; the exit status is 2. A reader that goes away early is no failure.'),
    '.SH ENVIRONMENT',
    ...tagged('NO_COLOR', 'no colour, when set to anything'),
    ...tagged('FORCE_COLOR', 'colour also where no terminal is; 0 for none'),
    ...tagged('COLUMNS', 'width of tables'),
    '.SH FILES',
    ...tagged('/run/ovl', 'what ovl remembers of its mounts until umount; without root $XDG_RUNTIME_DIR/ovl'),
    '.SH EXAMPLES', ...commands.flatMap(({ examples }) => examples.flatMap(([command, what]) => tagged(command, what))),
    '.SH SEE ALSO', text('mount(8), umount(8), mount(2), fsopen(2), findmnt(8), user_namespaces(7)'),
    '.PP', text('https://docs.kernel.org/filesystems/overlayfs.html'),
  ].join('\n')}\n`
}

function synopsis(commands: readonly CommandDef[]): string[] {
  return commands.flatMap(({ name, usage }) => usage.flatMap((words) => [`.SY "ovl ${text(name)}"`, text(words), '.YS']))
}

function describe(command: CommandDef): string[] {
  const own = command.options.filter((row) => !MOUNT_WORDS.includes(row))
  return [`.SS ovl ${text(command.name)}`, ...synopsis([command]), '.PP', text(sentence(command.summary)), ...(command.details ?? []).flatMap((paragraph) => ['.PP', text(paragraph)]), ...own.flatMap(option)]
}

function option(row: OptionDef): string[] {
  return tagged(`${row.short === undefined ? '' : `-${row.short}, `}--${shownKey(row)}`, shownDoes(row))
}

function tagged(tag: string, body: string): string[] {
  return ['.TP', `.B ${text(tag)}`, text(body)]
}

const ROFF: Readonly<Record<string, string>> = { '\\': String.raw`\e`, '-': String.raw`\-`, "'": String.raw`\(aq`, '`': String.raw`\(ga`, '^': String.raw`\(ha`, '~': String.raw`\(ti`, '"': String.raw`\(dq`, '…': '...', '’': String.raw`\(cq` }

/** Roff text: characters that must stay what they are, those beyond ASCII, and lines that must not begin a request. */
function text(words: string): string {
  const escaped = words.replaceAll(/[^ -~]|[\\'`^~"-]/gu, (char) => ROFF[char] ?? `\\[u${(char.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}]`)
  return escaped.replace(/^\./, String.raw`\&$&`)
}
