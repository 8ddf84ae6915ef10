/**
 * A case without names: each component of a path becomes a pseudonym, the same everywhere in the case, of
 * the same length where it can be. So equal stays equal, inside stays inside, too long stays too long; and
 * what a name holds of separators, quotes and tildes stays, because it may be the fault. Names that every
 * system has (`/var/lib/docker`) and the words of options stay too.
 */

import { nameBytes } from '../names/bytes.ts'
import type { Case } from './case.ts'

export function redactCase(value: Case): Case {
  const texts: string[] = []
  visit(value, (text) => (texts.push(text), text))
  const names = new Map<string, string>()
  const rename = (name: string): string => {
    const known = names.get(name)
    if (known !== undefined) return known
    const made = pseudonym(names.size + 1, name)
    names.set(name, made)
    return made
  }
  const wholePath = (path: string): string => path.replace(WORD, (word) => (isPlain(word) ? word : rename(word)))
  // Paths first: they are the words that prose is searched for.
  for (const text of texts) if (isPath(text)) wholePath(text)
  const said = saidNames(value)
  for (const name of said) wholePath(name)
  return visit(value, (text, key) => (isPath(text) || said.has(text) || NAMES.has(key) ? wholePath(text) : prose(text, wholePath))) as Case
}

/** Runs of what is no separator, no quote, and nothing a shell would expand. */
const WORD = /[\p{L}\p{N}_.\-+@%\udc80-\udcff]+/gu

const COMMON: ReadonlySet<string> = new Set([
  'bin', 'boot', 'dev', 'etc', 'home', 'lib', 'lib64', 'media', 'mnt', 'opt', 'proc', 'root', 'run', 'sbin', 'srv', 'sys', 'tmp', 'usr', 'var', 'cache', 'local', 'share', 'log',
  'docker', 'overlay2', 'overlay', 'containerd', 'containers', 'storage', 'snapshots', 'diff', 'merged', 'work', 'index', 'incompat', 'volatile', 'fs', 'l', 'cdrom', 'casper', 'live', 'rw',
  'lower', 'upper', 'lowerdir', 'upperdir', 'workdir', 'self', 'fd', 'io.containerd.snapshotter.v1.overlayfs', '.', '..',
])

const isPlain = (word: string): boolean => COMMON.has(word) || /^[.]+$/.test(word)
const isPath = (text: string): boolean => text.startsWith('/')

/** The pseudonym has the bytes of the name, unless that is too short for it to be one. */
function pseudonym(count: number, name: string): string {
  const short = `n${count.toString(36)}`
  return short.padEnd(nameBytes(name), 'x')
}

/** Keys whose values are names though they need not begin with a slash. */
const NAMES: ReadonlySet<string> = new Set(['path', 'upper', 'work', 'lower', 'data', 'target', 'culprit', 'absolute', 'parts', 'cwd', 'label', 'program', 'id', 'name'])
/** Keys whose values are words of the kernel or of ovl, or numbers. */
const WORDS: ReadonlySet<string> = new Set([
  'version', 'role', 'kind', 'errno', 'fsType', 'device', 'inode', 'options', 'flags', 'step', 'syscall', 'form', 'system', 'code', 'severity', 'confidence', 'docs', 'explanation', 'type', 'superblock',
  'ancestry', 'separator', 'free', 'mountFlags', 'kernelConfig', 'upperProbe', 'imageState', 'namespace', 'propagation', 'image', 'incompat', 'maker', 'userspace',
])

function saidNames({ facts: { paths, joined, spec } }: Case): Set<string> {
  // What was cut off a path at a comma was taken for an option.
  const cut = (spec?.unknown ?? []).filter(({ key }) => joined.some(({ parts }) => parts.some((part) => part === key || part.startsWith(`${key}=`))))
  return new Set([...paths.map(({ path }) => path), ...joined.flatMap(({ path, parts }) => [path, ...parts]), ...cut.flatMap(({ key, value }) => [key, ...(value === undefined ? [] : [value])])])
}

/** Paths inside sentences, and names in quotes. */
function prose(text: string, wholePath: (path: string) => string): string {
  return text.replace(/\/[^\s'"“”‘’:,;()]+/g, wholePath).replace(/'([^'/\n]+)'/g, (quoted, name: string) => (/[\s=]/.test(name) ? quoted : `'${wholePath(name)}'`))
}

/** The same value with its strings changed; `key` is the nearest property above. */
function visit(value: unknown, change: (text: string, key: string) => string, key = ''): unknown {
  if (typeof value === 'string') return change(value, key)
  if (Array.isArray(value)) return value.map((item) => visit(item, change, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, WORDS.has(name) ? field : visit(field, change, name === 'known' || name === 'value' ? key : name)]))
}
