/** The code cache of bin/load.js: made by the first call, used by the next, and never in the way. */

import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ROOT, runChild } from '../support/command.ts'

const here = mkdtempSync(join(tmpdir(), 'ovl-cache-'))
afterAll(() => rmSync(here, { recursive: true }))
for (const part of ['bin', 'package.json', 'dist/cli']) cpSync(join(ROOT, part), join(here, part), { recursive: true, filter: (path) => !path.endsWith('/cache') })

const CACHE = join(here, 'dist/cli/cache', `${process.versions.v8}-${process.arch}`)
const answer = (env: Record<string, string> = {}): unknown => runChild(process.execPath, [join(here, 'bin/ovl.js'), 'options', '-l', '/a', '-l', '/b'], { env })
const ANSWER = { code: 0, stdout: 'lowerdir=/a:/b\n', stderr: '' }

it('is not made when Node’s own would not be', () => {
  expect(answer({ NODE_DISABLE_COMPILE_CACHE: '1' })).toEqual(ANSWER)
  expect(existsSync(CACHE)).toBe(false)
})

it('is made once, with no draft left behind', () => {
  expect(answer()).toEqual(ANSWER)
  const made = readdirSync(CACHE).sort()
  expect(made).toContain('ovl.cjs')
  expect(made.filter((name) => !name.endsWith('.cjs'))).toEqual([])
  expect(answer()).toEqual(ANSWER)
  expect(readdirSync(CACHE).sort()).toEqual(made)
})

it('does no harm when it is damaged, or made for other flags', () => {
  truncateSync(join(CACHE, 'ovl.cjs'), 1000)
  expect(answer()).toEqual(ANSWER)
  expect(answer({ NODE_OPTIONS: '--stack-trace-limit=5' })).toEqual(ANSWER)
})

it('is not used for another source of the same length', () => {
  const bundle = join(here, 'dist/cli/cli-commands-options.cjs')
  const changed = readFileSync(bundle, 'utf8').replaceAll('lowerdir=', 'lowerDIR=')
  writeFileSync(bundle, changed)
  expect(answer()).toEqual({ ...ANSWER, stdout: 'lowerDIR=/a:/b\n' })
})

it('that cannot be written is done without', () => {
  rmSync(join(here, 'dist/cli/cache'), { recursive: true })
  writeFileSync(join(here, 'dist/cli/cache'), 'in the way')
  expect(answer()).toMatchObject({ code: 0, stderr: '' })
})

describe('code that others could have laid there', () => {
  /** A copy of its own, with a cache. */
  function copy(): { readonly home: string; readonly cache: string; readonly run: (umask?: string) => unknown } {
    const home = mkdtempSync(join(here, 'copy-'))
    for (const part of ['bin', 'package.json', 'dist/cli']) cpSync(join(ROOT, part), join(home, part), { recursive: true, filter: (path) => !path.endsWith('/cache') })
    const words = [join(home, 'bin/ovl.js'), 'options', '-l', '/a', '-l', '/b']
    return { home, cache: join(home, 'dist/cli/cache'), run: (umask = '022') => runChild('sh', ['-c', `umask ${umask}; exec "$0" "$@"`, process.execPath, ...words]) }
  }
  const NAME = 'cli-commands-options.cjs'
  const inside = (cache: string): string => join(cache, `${process.versions.v8}-${process.arch}`)

  /** A cache of other code, stamped as if it were of the code of `home`. */
  function lay(home: string): Buffer {
    const evil = copy()
    const bundle = join(evil.home, 'dist/cli', NAME)
    writeFileSync(bundle, readFileSync(bundle, 'utf8').replaceAll('lowerdir=', 'lowerDIR='))
    evil.run()
    const laid = readFileSync(join(inside(evil.cache), NAME))
    const { mtimeMs, size } = statSync(join(home, 'dist/cli', NAME))
    Buffer.from(new Float64Array([mtimeMs, size]).buffer).copy(laid)
    return laid
  }

  it('is not written for all to write, whatever the umask', () => {
    const { cache, run } = copy()
    expect(run('000')).toEqual(ANSWER)
    const modes = [cache, inside(cache), ...readdirSync(inside(cache)).map((name) => join(inside(cache), name))].map((path) => statSync(path).mode & 0o777)
    expect(new Set(modes)).toEqual(new Set([0o755, 0o644]))
    expect(run('077')).toEqual(ANSWER)
    expect(readdirSync(inside(cache)).every((name) => name.endsWith('.cjs'))).toBe(true)
  })

  it('would be run, were it trusted', () => {
    const { home, cache, run } = copy()
    run()
    writeFileSync(join(inside(cache), NAME), lay(home))
    expect(run()).toMatchObject({ stdout: expect.stringContaining('DIR=') as unknown })
  })

  it.each([
    ['a file that others can write', (file: string): void => chmodSync(file, 0o666)],
    ['a file of a group', (file: string): void => chmodSync(file, 0o664)],
    ['a directory that others can write', (file: string): void => chmodSync(dirname(file), 0o777)],
    ['a directory of a group', (file: string): void => chmodSync(dirname(dirname(file)), 0o775)],
    ['the directory of the code itself', (file: string): void => chmodSync(dirname(dirname(dirname(file))), 0o777)],
    ['a symlink to such a file', (file: string): void => { renameSync(file, `${file}.true`); symlinkSync(`${file}.true`, file) }],
    ['a symlink to such a directory', (file: string): void => { renameSync(dirname(file), `${dirname(file)}.true`); symlinkSync(`${dirname(file)}.true`, dirname(file)) }],
    ['a FIFO', (file: string): void => { rmSync(file); runChild('mkfifo', [file]) }],
    ...(process.getuid?.() === 0 ? [
      ['a file of another user', (file: string): void => chownSync(file, 65534, 65534)] as const,
      ['a directory of another user', (file: string): void => chownSync(dirname(file), 65534, 65534)] as const,
    ] : []),
  ])('%s is not run', (_, change) => {
    const { home, cache, run } = copy()
    run()
    const file = join(inside(cache), NAME)
    writeFileSync(file, lay(home))
    change(file)
    expect(run()).toEqual(ANSWER)
    expect(run()).toEqual(ANSWER)
  })

  it('a directory that was made for all to write is mended', () => {
    const { cache, run } = copy()
    run()
    for (const directory of [cache, inside(cache)]) chmodSync(directory, 0o777)
    chmodSync(join(inside(cache), NAME), 0o666)
    expect(run()).toEqual(ANSWER)
    for (const path of [cache, inside(cache)]) expect(statSync(path).mode & 0o777).toBe(0o755)
    expect(statSync(join(inside(cache), NAME)).mode & 0o777).toBe(0o644)
  })
})
