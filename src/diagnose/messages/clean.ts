/**
 * A pasted text → short plain lines: bounded in size, without terminal escapes and control characters,
 * with the escapes of JSON and Go logs undone and typographic quotes made plain. Every step reads the
 * text once. What a line means is not asked here.
 */

/** Whole texts up to this length (in UTF-16 units) are read line by line; of longer ones, lines that may be about mounts. */
const WHOLE = 96 * 1024
/** A line this long holds the longest option string of a page, and its wrapping. */
const LONGEST_LINE = 12 * 1024
const MOST_LINES = 1500

/** The lines of a text as they can be matched and shown; each once, in order. */
export function cleanLines(text: string): string[] {
  const lines = plain(bounded(text)).split('\n').map((line) => clip(line.trimEnd(), LONGEST_LINE)).filter((line) => line.trim() !== '')
  const once = [...new Set(lines)]
  return once.length <= MOST_LINES ? once : [...once.slice(0, MOST_LINES / 3), ...once.slice(-(MOST_LINES * 2) / 3)]
}

/** A text for a title or an evidence: one line, no controls, not longer than `length`. */
export function quotable(text: string, length = 240): string {
  const line = plain(text.slice(0, 4 * length)).replace(/\s+/g, ' ').trim()
  return clip(line, length)
}

function clip(line: string, length: number): string {
  return line.length <= length ? line : `${line.slice(0, Math.ceil(length / 3))} … ${line.slice(-Math.floor((length * 2) / 3) + 3)}`
}

const TELLING = /overlay|mount|ovl|lower|upper|squashfs|fsconfig|denied|modprobe/i

function bounded(text: string): string {
  if (text.length <= WHOLE) return text
  const kept: string[] = [text.slice(0, WHOLE / 4)]
  let room = WHOLE / 2
  for (let at = WHOLE / 4; at < text.length - WHOLE / 4 && room > 0; ) {
    const newline = text.indexOf('\n', at)
    const end = newline < 0 ? text.length - WHOLE / 4 : newline
    const line = text.slice(at, Math.min(end, at + LONGEST_LINE))
    if (TELLING.test(line)) {
      kept.push(line)
      room -= line.length
    }
    at = end + 1
  }
  return [...kept, text.slice(-WHOLE / 4)].join('\n')
}

const STEPS: readonly (readonly [pattern: RegExp, to: string])[] = [
  // terminal: operating system commands, control sequences, two-character escapes
  [/\u001b[\]PX^_][^\u0007\u001b\n]*(?:\u0007|\u001b\\)?/g, ''],
  [/(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?/g, ''],
  [/\u001b[ -/]*[0-~]?/g, ''],
  // the caret form of escapes that went through cat -v or a log
  [/(?:\^\[|\\(?:u001b|x1b|033|e))\[[0-9;]{0,12}[A-Za-z]/g, ''],
  [/\r\n?|[\u2028\u2029\u0085]/g, '\n'],
  [/\t/g, ' '],
  [/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g, ''],
  [/[\u00a0\u2000-\u200a\u202f\u3000]/g, ' '],
  [/[\u2018\u2019\u201a\u201b\u2039\u203a]/g, "'"],
  [/[\u201c\u201d\u201e\u201f\u00ab\u00bb]/g, '"'],
  [/\uff1a/g, ': '],
  // strings inside strings: a run of backslashes is looked at once, from its beginning
  [/(?<!\\)\\+(?=")/g, ''],
  [/(?<!\\)\\+u0026/g, '&'],
  [/(?<!\\)\\+u003c/g, '<'],
  [/(?<!\\)\\+u003e/g, '>'],
  [/(?<!\\)\\+[rn](?=["'\s[]|$)/g, '\n'],
  [/(?<!\\)\\+n(?=(?:mount|umount|fuse|overlay|modprobe|unknown|error|failed|cannot|dmesg|time=)[^/])/gi, '\n'],
  // HTML, as issue trackers paste it
  [/&quot;|&#34;/g, '"'],
  [/&(?:#39|apos);/g, "'"],
  [/&amp;/g, '&'],
  [/&lt;/g, '<'],
  [/&gt;/g, '>'],
]

function plain(text: string): string {
  return STEPS.reduce((so, [pattern, to]) => so.replace(pattern, to), text.toWellFormed())
}
