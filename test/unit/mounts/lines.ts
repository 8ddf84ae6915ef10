/** Fixtures of mount tables: a comment line names the line that follows it. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseMountinfo } from '../../../src/mounts/mountinfo.ts'
import type { Mount } from '../../../src/mounts/mountinfo.ts'

const FIXTURES = join(import.meta.dirname, '../../fixtures/mountinfo')
const STORES = join(import.meta.dirname, '../../support/stores/fixtures')

/** The mounts of test/fixtures/mountinfo/shapes.mountinfo by name. */
export function readShapes(): Map<string, Mount> {
  const text = readFileSync(join(FIXTURES, 'shapes.mountinfo'), 'latin1')
  const pairs = Array.from(text.matchAll(/^# (\S+)\n(\d.*)$/gm), ([, name = '', line = '']) => [name, parseLine(Buffer.from(line, 'latin1'))] as const)
  return new Map(pairs)
}

/** The mounts of one of the stores’ fixtures. */
export function readStoreTable(name: string): readonly Mount[] {
  return parseMountinfo(readFileSync(join(STORES, `${name}.mountinfo`))).mounts
}

/** Path below the store’s root → text; `{ symlink }` and JSON as the fixture has them. */
export function readStoreFiles(name: string): { root: string; file: (path: string) => string; paths: readonly string[]; link: (path: string) => string } {
  const { root, files } = JSON.parse(readFileSync(join(STORES, `${name}.store.json`), 'utf8')) as { root: string; files: Record<string, string | { json?: unknown; symlink?: string }> }
  return {
    root,
    paths: Object.keys(files),
    file: (path) => {
      const content = files[path]
      if (content === undefined) return ''
      return typeof content === 'string' ? content : JSON.stringify(content.json)
    },
    link: (path) => (files[path] as { symlink: string }).symlink,
  }
}

/** One line → one mount. */
export function parseLine(line: string | Uint8Array): Mount {
  const { mounts, unreadable } = parseMountinfo(line)
  const [mount] = mounts
  if (mount === undefined || unreadable.length > 0) throw new Error(`no line of a mount table: ${String(line)}`)
  return mount
}

/** A line with these superblock options. */
export function overlayLine(options: string, { target = '/t/merged', device = '0:50', source = 'overlay', type = 'overlay' } = {}): string {
  return `60 30 ${device} / ${target} rw,relatime - ${type} ${source} ${options}`
}
