/** The code cache of bin/load.js: made by the first call, used by the next, and never in the way. */

import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
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
