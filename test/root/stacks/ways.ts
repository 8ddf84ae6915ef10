/** The ways into the kernel, and whether each can say a stack: computed here from the kernel's rules, not by the encoders that are tested. */

import type { Form, Via } from '../../../src/index.ts'
import { isUtf8Name, nameBytes } from '../../../src/names/bytes.ts'
import type { Built } from './build.ts'

export interface Way {
  readonly name: string
  readonly via: Exclude<Via, 'auto'>
  readonly form: Form
  /** The code of the refusal, or undefined when it must mount. */
  readonly refuses: (stack: Built) => string | undefined
  /** The mount table does not show true paths: `list` needs the receipt. */
  readonly needsReceipt?: true
}

/** One page less the NUL, and the strings of fsconfig less theirs. */
const PAGE = 4095
const STRING = 255

const special = (path: string, characters: string): number => Array.from(path).filter((char) => characters.includes(char)).length
const bytes = (paths: readonly string[], escaped: string): number => paths.reduce((sum, path) => sum + nameBytes(path) + special(path, escaped), 0)

/** `a:b::c`, with its escapes. */
const lowerdirBytes = ({ lower, data }: Pick<Built, 'lower' | 'data'>, escaped: string): number => bytes([...lower, ...data], escaped) + lower.length - 1 + 2 * data.length

function uppersOf({ upper, work }: Built): string[] {
  return [upper, work].filter((path) => path !== undefined)
}

function pageBytes(stack: Built, named: (path: string) => string = (path) => path): number {
  const options = Object.entries(stack.options).map(([name, value]) => (value === true ? name : `${name}=${value}`))
  const words = [`lowerdir=`, ...(stack.upper === undefined ? [] : ['upperdir=', 'workdir=']), ...options]
  const layers = { lower: stack.lower.map(named), data: stack.data.map(named) }
  return nameBytes(words.join(',')) + lowerdirBytes(layers, '\\:,') + bytes(uppersOf(stack).map(named), '\\,')
}

const isTooLongForFsconfig = (stack: Built): boolean => uppersOf(stack).some((path) => bytes([path], '\\') > STRING)
const hasTooLong = (paths: readonly string[]): boolean => paths.some((path) => nameBytes(path) > STRING)

/** All but the slowest, which start a process for each mount. */
export const DIRECT: readonly Way[] = [
  { name: 'fsconfig, by descriptor', via: 'fsconfig', form: 'fd', refuses: () => undefined },
  { name: 'fsconfig, lowerdir+', via: 'fsconfig', form: 'lowerdir+', refuses: (stack) => (hasTooLong([...stack.lower, ...stack.data]) || isTooLongForFsconfig(stack) ? 'value-too-long' : undefined) },
  { name: 'fsconfig, lowerdir', via: 'fsconfig', form: 'lowerdir', refuses: (stack) => (lowerdirBytes(stack, '\\:') > STRING || isTooLongForFsconfig(stack) ? 'value-too-long' : undefined) },
  { name: 'mount(2), absolute', via: 'mount2', form: 'absolute', refuses: (stack) => (pageBytes(stack) > PAGE ? 'options-too-long' : undefined) },
]

export const BY_CHILD: readonly Way[] = [
  { name: 'mount(2), relative', via: 'mount2', form: 'relative', needsReceipt: true, refuses: (stack) => (Math.min(...directoriesOf(stack).map((directory) => pageBytes(stack, below(directory)))) > PAGE ? 'options-too-long' : undefined) },
  { name: 'mount(2), by descriptor', via: 'mount2', form: 'proc-fd', needsReceipt: true, refuses: () => undefined },
]

export const MOUNT8: readonly Way[] = [
  { name: 'mount(8)', via: 'mount8', form: 'argv', refuses: (stack) => (!canBeOptions(stack) ? 'way-cannot-say' : pageBytes(stack) > PAGE ? 'options-too-long' : ![stack.target, stack.source].every(isUtf8Name) ? 'way-cannot-say' : undefined) },
]

/** What all layers share, and what the lower ones share. */
function directoriesOf(stack: Built): string[] {
  const lowers = [...stack.lower, ...stack.data]
  return [[...lowers, ...uppersOf(stack)], lowers].map((paths) => {
    const parts = paths.map((path) => path.split('/').slice(0, -1))
    const [first = []] = parts
    const differs = first.findIndex((part, at) => parts.some((other) => other[at] !== part))
    return (differs < 0 ? first : first.slice(0, differs)).join('/')
  })
}

const below = (directory: string) => (path: string): string => (path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : path)

/** Arguments are UTF-8 here, and libmount reads a double quote, and a comma with nothing behind it, as its own. */
function canBeOptions(stack: Built): boolean {
  const layers = [...stack.lower, ...stack.data, ...uppersOf(stack)]
  return layers.every((path) => !/"|,(,|=|$)/.test(path) && isUtf8Name(path))
}
