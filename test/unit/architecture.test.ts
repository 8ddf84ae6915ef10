/** Holds the folders of src/ to their layers: an arrow points down only. A failure says the sentence to read. */

import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const SRC = join(import.meta.dirname, '../../src')

/** Folder → what it may import: folders of src, and packages. `node:` modules are allowed from host on. */
const LAYERS: Readonly<Record<string, { readonly folders: readonly string[]; readonly packages?: readonly string[]; readonly node?: boolean }>> = {
  names: { folders: [] },
  errors: { folders: [] },
  overlay: { folders: ['names', 'errors'] },
  plan: { folders: ['names', 'errors', 'overlay'] },
  mounts: { folders: ['names', 'errors', 'overlay', 'plan'] },
  diagnose: { folders: ['names', 'errors', 'overlay', 'mounts', 'plan'] },
  fstab: { folders: ['names', 'errors', 'overlay', 'plan', 'mounts', 'diagnose'] },
  live: { folders: ['names', 'errors', 'overlay', 'mounts', 'plan', 'diagnose'] },
  host: { folders: ['names', 'errors', 'overlay', 'plan', 'mounts', 'diagnose', 'fstab', 'live'], packages: ['execa'], node: true },
  ops: { folders: ['names', 'errors', 'overlay', 'plan', 'mounts', 'diagnose', 'fstab', 'live', 'host'], node: true },
  cli: { folders: ['names', 'errors', 'overlay', 'plan', 'mounts', 'diagnose', 'fstab', 'live', 'host', 'ops'], packages: ['yargs', 'yargs-parser', 'chalk'], node: true },
  '.': { folders: ['names', 'errors', 'overlay', 'plan', 'mounts', 'diagnose', 'fstab', 'live', 'ops'] },
}

/** Packages that have one file of ours around them. */
const EDGES: Readonly<Record<string, string>> = {
  execa: 'host/exec.ts', chalk: 'cli/output/style.ts', yargs: 'cli/parser.ts', 'yargs-parser': 'cli/parser.ts', koffi: 'host/ffi.ts',
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const importsOf = (file: string): string[] => Array.from(readFileSync(join(SRC, file), 'utf8').matchAll(/(?:from |import\(|require\()'([^']+)'/g), ([, name]) => name as string)
const folderOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] as string) : '.')

test.each(files)('%s imports only what lies below it', (file) => {
  const folder = folderOf(file)
  const layer = LAYERS[folder]
  expect(layer, `src/${folder}/ is no layer of the table: say in test/unit/architecture.test.ts where it stands`).toBeDefined()
  for (const name of importsOf(file)) {
    if (name.startsWith('.')) {
      const to = folderOf(relative(SRC, join(SRC, dirname(file), name)))
      expect(to === folder || layer?.folders.includes(to), `src/${file} imports ${name}: ${folder} stands below ${to}, and an arrow points down only`).toBe(true)
    } else if (name.startsWith('node:')) {
      expect(layer?.node === true, `src/${file} imports ${name}: ${folder} is pure, effects belong to src/host`).toBe(true)
    } else {
      const one = Object.hasOwn(EDGES, name) && (EDGES[name] === file || folder === 'cli')
      expect(one, `src/${file} imports ${name}: a package is imported by one file only (${EDGES[name] ?? 'none so far'})`).toBe(true)
    }
  }
})

test('each edge has one file', () => {
  for (const [name, edge] of Object.entries(EDGES)) {
    const users = files.filter((file) => importsOf(file).includes(name))
    expect(users.every((file) => file === edge || file.startsWith('cli/')), `${name} is imported by ${users.join(', ')}`).toBe(true)
  }
})
