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
  const nodes = readNodes(lex(text.text), text.path, menu)
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
const PIECE = /\\\n|\\(.)|'([^']*)'|"((?:\\.|[^"\\])*)"|\$\{([^}]*)\}|\$([\w?#*@]+)|([^\s;{}'"\\$]+|[{}$\\])/sy

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
  return [...double.matchAll(/\\(["\\$])|\$\{([^}]*)\}|\$(\w+)|([^\\$]+|[\\$])/gs)].map(([, quoted, inBraces, name, rest]) => (inBraces ?? name) === undefined ? { text: quoted ?? rest ?? '' } : { variable: (inBraces ?? name) as string })
}

/** Reads commands up to the end; tokens of a block are read by a call of their own. */
function readNodes(tokens: readonly Token[], file: string, menu: Menu): readonly Node[] {
  const nodes: Node[] = []
  for (let at = 0; at < tokens.length; ) {
    const end = endOfCommand(tokens, at)
    const words = tokens.slice(at, end).filter((token) => typeof token !== 'string').map((word) => expand(word, menu))
    const opens = tokens[end] === '{'
    const close = opens ? endOfBlock(tokens, end) : end
    const block = opens ? tokens.slice(end + 1, close) : []
    at = close + 1
    const [command = '', ...rest] = words[0] === 'then' || words[0] === 'else' || words[0] === 'do' ? words.slice(1) : words
    if (menu.nodes > MOST_NODES || menu.open.length > DEEPEST) return nodes
    if (command === 'menuentry') nodes.push(entry(rest, block, file, menu))
    else if (command === 'submenu') nodes.push({ ...titled(rest), file, inside: readNodes(block, file, menu) })
    else if (opens) nodes.push(...readNodes(block, file, menu))
    else if (command === 'set') assign(rest, menu)
    else if (command === 'source' || command === '.' || command === 'configfile') nodes.push(...include(rest[0] ?? '', menu))
  }
  return nodes
}

function endOfCommand(tokens: readonly Token[], from: number): number {
  for (let at = from; at < tokens.length; at++) if (typeof tokens[at] === 'string') return at
  return tokens.length
}

function endOfBlock(tokens: readonly Token[], from: number): number {
  let depth = 0
  for (let at = from; at < tokens.length; at++) {
    if (tokens[at] === '{') depth++
    else if (tokens[at] === '}' && --depth === 0) return at
  }
  return tokens.length
}

function expand(word: readonly Piece[], { variables }: Menu): string {
  return word.map((piece) => ('text' in piece ? piece.text : (variables.get(piece.variable) ?? ''))).join('')
}

/** `set NAME=VALUE`; what is set to a variable nobody set, a remembered choice, is not set. */
function assign([said = '']: readonly string[], { variables }: Menu): void {
  const at = said.indexOf('=')
  if (at > 0 && (at < said.length - 1 || said.slice(0, at) !== 'default')) variables.set(said.slice(0, at), said.slice(at + 1))
}

function include(said: string, menu: Menu): readonly Node[] {
  const found = menu.read(tidyPath(`/${said.replace(/^\([^)]*\)/, '')}`))
  menu.nodes++
  if (found === undefined || menu.open.includes(found.path)) return []
  const inner: Menu = { ...menu, open: [...menu.open, found.path] }
  const nodes = readNodes(lex(found.text), found.path, inner)
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

function entry(words: readonly string[], block: readonly Token[], file: string, menu: Menu): Node {
  menu.nodes++
  const commands = commandsOf(block, menu)
  const linux = commands.findLast(([name = '']) => /^linux(?:16|efi)?$/.test(name))
  const initrd = commands.findLast(([name = '']) => /^initrd(?:16|efi)?$/.test(name))?.at(-1)
  const boots = linux?.[1] === undefined ? undefined : { kernel: place(linux[1]), ...(initrd === undefined ? {} : { initrd: place(initrd) }), cmdline: linux.slice(2).join(' ') }
  return { ...titled(words), file, ...(boots === undefined ? {} : { boots }), inside: [] }
}

const place = (word: string): string => word.replace(/^\([^)]*\)/, '')

function commandsOf(tokens: readonly Token[], menu: Menu): readonly (readonly string[])[] {
  const commands: string[][] = [[]]
  for (const token of tokens) {
    if (typeof token === 'string') {
      assignIn(commands.at(-1) ?? [], menu)
      commands.push([])
    } else commands.at(-1)?.push(expand(token, menu))
  }
  assignIn(commands.at(-1) ?? [], menu)
  return commands
}

function assignIn([command, ...rest]: readonly string[], menu: Menu): void {
  if (command === 'set' && !(rest[0] ?? '').startsWith('default=')) assign(rest, menu)
}

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
