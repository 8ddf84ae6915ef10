/** Text and the cells of a terminal: how wide it is, where it is cut, where it wraps. Takes text without control characters (see escape.ts). */

const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u
const MARK = /\p{M}/u

/** Cells that the text takes. */
export function cells(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length
  let sum = 0
  for (const char of text) sum += cellsOf(char)
  return sum
}

/** Cuts out the middle so that it fits; of a path the end tells more than the beginning. */
export function shortenMiddle(text: string, width: number, unicode: boolean): string {
  if (cells(text) <= width) return text
  const gap = unicode ? '…' : '...'
  const room = Math.max(0, width - gap.length)
  const head = takeCells([...text], Math.floor(room / 3))
  const tail = takeCells([...text].reverse(), room - cells(head.join('')))
  return `${head.join('')}${gap}${tail.reverse().join('')}`
}

/** Ids of 64 digits are known by their first 12, here as everywhere. */
export function shortenHashes(text: string, unicode: boolean): string {
  return text.replaceAll(/\b([0-9a-f]{12})[0-9a-f]{20,}\b/g, unicode ? '$1…' : '$1...')
}

/** Fills up with blanks; `size` are the cells of the text, where they are known. */
export function pad(text: string, width: number, side: 'left' | 'right' = 'left', size: number = cells(text)): string {
  const blanks = ' '.repeat(Math.max(0, width - size))
  return side === 'left' ? text + blanks : blanks + text
}

/** Breaks at blanks; a word that is longer than the line (a path) keeps a line of its own, unbroken. */
export function wrap(text: string, columns: number, indent = ''): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/ +/)) {
    if (line !== '' && indent.length + cells(line) + 1 + cells(word) > columns) {
      lines.push(indent + line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, indent + line]
}

function takeCells(chars: readonly string[], width: number): string[] {
  const taken: string[] = []
  let sum = 0
  for (const char of chars) {
    sum += cellsOf(char)
    if (sum > width) break
    taken.push(char)
  }
  return taken
}

function cellsOf(char: string): number {
  return WIDE.test(char) ? 2 : MARK.test(char) ? 0 : 1
}
