/**
 * The menu entries of a grub.cfg: as much of GRUB's shell as menus of live media use. Words, quotes, variables that the file
 * itself sets, blocks, `source`; both branches of an `if` are taken, and every other command is passed over.
 */

import { parentPath, tidyPath } from '../names/path.ts'
import type { BootEntry, ReadText } from './boot-entries.ts'

/** Entries of the menu that begins in this file. */
export function parseGrub(path: string, read: ReadText): readonly BootEntry[] {
  const text = read(path)
  if (text === undefined) return []
  const menu: Menu = { read, variables: new Map([['prefix', /\/grub2?$/.test(parentPath(path)) ? parentPath(path) : '/boot/grub'], ['menuentry_id_option', '--id']]), open: [text.path], nodes: 0 }
  const nodes = readNodes({ tokens: lex(text.text), at: 0 }, text.path, menu)
  const chosen = choose(nodes, menu.variables.get('default') ?? '')
  return entriesOf(nodes).map((node) => ({ title: node.title, file: node.file, ...(node.boots as Boots), isDefault: node === chosen }))
}

/** Far more than a menu has: a text that includes itself by detours ends here. */
const MOST_NODES = 2000
const DEEPEST = 12

interface Menu {
  readonly read: ReadText
  readonly variables: Map<string, string>
  /** The files being read, outermost first. */
  readonly open: readonly string[]
  nodes: number
}

interface Boots {
  readonly kernel: string
  readonly initrd?: string
  readonly cmdline: string
}

/** An entry or a submenu. */
interface Node {
  readonly title: string
  readonly id?: string
  readonly file: string
  readonly boots?: Boots
  readonly inside: readonly Node[]
}

/** A word in pieces, some of which are variables still; or a separator. */
type Token = readonly Piece[] | ';' | '{' | '}'
type Piece = { readonly text: string } | { readonly variable: string }

/** One word a match: quoted parts, variables, escapes. */
const PIECE = /\\\n|\\(.)|'([^']*)'|"((?:\\.|[^"\\])*)"|\$\{([^}\n]{0,99})\}|\$([\w?#*@]+)|([^\s;{}'"\\$]+|[{}$\\])/sy

function lex(text: string): readonly Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < text.length; ) {
    const char = text[at] as string
    if (char === '\n' || char === ';') tokens.push(';')
    if (/[\s;]/.test(char)) {
      at++
    } else if (char === '#') {
      const end = text.indexOf('\n', at)
      at = end < 0 ? text.length : end
    } else if ((char === '{' || char === '}') && /^[\s;]?$/.test(text.charAt(at + 1))) {
      tokens.push(char)
      at++
    } else {
      const pieces: Piece[] = []
      PIECE.lastIndex = at
      for (let match = PIECE.exec(text); match !== null; match = PIECE.exec(text)) {
        pieces.push(...piecesOf(match))
        at = PIECE.lastIndex
        if (at >= text.length || /[\s;]/.test(text.charAt(at))) break
      }
      // An open quote: its mark is passed over.
      if (PIECE.lastIndex === 0) at++
      tokens.push(pieces)
    }
  }
  return tokens
}

function piecesOf([, escaped, single, double, braced, bare, plain]: RegExpExecArray): readonly Piece[] {
  const variable = braced ?? bare
  if (variable !== undefined) return [{ variable }]
  if (double === undefined) return [{ text: escaped ?? single ?? plain ?? '' }]
  return [...double.matchAll(/\\(["\\$])|\$\{([^}]{0,99})\}|\$(\w+)|([^\\$]+|[\\$])/gs)].map(([, quoted, inBraces, name, rest]) => (inBraces ?? name) === undefined ? { text: quoted ?? rest ?? '' } : { variable: (inBraces ?? name) as string })
}

/** The tokens of a file and how far they are read. */
interface Cursor {
  readonly tokens: readonly Token[]
  at: number
}

/** Reads commands up to the end of the block that is open. */
function readNodes(cursor: Cursor, file: string, menu: Menu, depth = 0): readonly Node[] {
  const nodes: Node[] = []
  for (;;) {
    const { words, end } = readCommand(cursor, menu)
    const [command = '', ...rest] = words[0] === 'then' || words[0] === 'else' || words[0] === 'do' ? words.slice(1) : words
    if (menu.nodes > MOST_NODES || menu.open.length > DEEPEST) return nodes
    if (end !== '{') {
      if (command === 'set') assign(rest, menu)
      else if (command === 'source' || command === '.' || command === 'configfile') nodes.push(...include(rest[0] ?? '', menu, depth))
      if (end === '}' || end === undefined) return nodes
    } else if (command === 'menuentry') nodes.push(entry(rest, cursor, file, menu))
    else if (depth === DEEPEST) skipBlock(cursor)
    else if (command === 'submenu') nodes.push({ ...titled(rest), file, inside: readNodes(cursor, file, menu, depth + 1) })
    else nodes.push(...readNodes(cursor, file, menu, depth + 1))
  }
}

/** Words up to what ends them; undefined is the end of the file. */
function readCommand(cursor: Cursor, menu: Menu): { readonly words: readonly string[]; readonly end: string | undefined } {
  const words: string[] = []
  for (;;) {
    const token = cursor.tokens[cursor.at++]
    if (typeof token === 'string' || token === undefined) return { words, end: token }
    words.push(expand(token, menu))
  }
}

function skipBlock(cursor: Cursor): void {
  for (let open = 1; open > 0 && cursor.at < cursor.tokens.length; cursor.at++) {
    if (cursor.tokens[cursor.at] === '{') open++
    else if (cursor.tokens[cursor.at] === '}') open--
  }
}

function expand(word: readonly Piece[], { variables }: Menu): string {
  return word.map((piece) => ('text' in piece ? piece.text : (variables.get(piece.variable) ?? ''))).join('')
}

/** `set NAME=VALUE`; what is set to a variable nobody set, a remembered choice, is not set. */
function assign([said = '']: readonly string[], { variables }: Menu): void {
  const at = said.indexOf('=')
  if (at > 0 && (at < said.length - 1 || said.slice(0, at) !== 'default')) variables.set(said.slice(0, at), said.slice(at + 1))
}

function include(said: string, menu: Menu, depth: number): readonly Node[] {
  const found = menu.read(tidyPath(`/${said.replace(/^\([^)]*\)/, '')}`))
  menu.nodes++
  if (found === undefined || menu.open.includes(found.path)) return []
  const inner: Menu = { ...menu, open: [...menu.open, found.path] }
  const nodes = readNodes({ tokens: lex(found.text), at: 0 }, found.path, inner, depth)
  menu.nodes = inner.nodes
  return nodes
}

/** Options of menuentry that take a word; the title is what is left. */
const VALUED = ['--class', '--users', '--hotkey', '--id', '--source']

function titled(words: readonly string[]): { readonly title: string; readonly id?: string } {
  const id = words[words.indexOf('--id') + 1]
  const joined = words.find((word) => word.startsWith('--id='))?.slice('--id='.length)
  const title = words.find((word, at) => !word.startsWith('--') && !VALUED.includes(words[at - 1] ?? '')) ?? ''
  const own = joined ?? (words.includes('--id') ? id : undefined)
  return { title, ...(own === undefined ? {} : { id: own }) }
}

/** Reads the block of an entry: the last `linux` and `initrd` count. */
function entry(words: readonly string[], cursor: Cursor, file: string, menu: Menu): Node {
  menu.nodes++
  let boots: Boots | undefined
  let initrd: string | undefined
  for (let open = 1; open > 0; ) {
    const { words: [command = '', ...rest], end } = readCommand(cursor, menu)
    if (/^linux(?:16|efi)?$/.test(command) && rest[0] !== undefined) boots = { kernel: place(rest[0]), cmdline: rest.slice(1).join(' ') }
    else if (/^initrd(?:16|efi)?$/.test(command)) initrd = place(rest.at(-1) ?? '')
    else if (command === 'set' && rest[0]?.startsWith('default=') !== true) assign(rest, menu)
    open += end === '{' ? 1 : end === '}' ? -1 : 0
    if (end === undefined) break
  }
  return { ...titled(words), file, ...(boots === undefined ? {} : { boots: { ...boots, ...(initrd === undefined || initrd === '' ? {} : { initrd }) } }), inside: [] }
}

const place = (word: string): string => word.replace(/^\([^)]*\)/, '')

function entriesOf(nodes: readonly Node[]): readonly Node[] {
  return nodes.flatMap((node) => [...(node.boots === undefined ? [] : [node]), ...entriesOf(node.inside)])
}

/** By number, title or id, through submenus with `>`; the first entry where nothing fits. */
function choose(nodes: readonly Node[], wanted: string): Node | undefined {
  const [head = '', ...rest] = wanted.split('>')
  const picked = nodes.find(({ title, id }) => head !== '' && (title === head || id === head)) ?? (/^\d+$/.test(head) ? nodes[Number(head)] : undefined) ?? nodes[0]
  if (picked === undefined || picked.inside.length === 0) return picked
  return choose(picked.inside, rest.join('>'))
}
