/** `ovl diagnose` as a command: words however they are given, exit codes, JSON, files. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, describe, expect, it } from 'vitest'
import { stripCommand } from '../../src/cli/pasted.ts'
import { BIN, ROOT, envelope, ovl, runChild } from '../support/command.ts'
import type { Ran } from '../support/command.ts'

const dir = mkdtempSync(`${tmpdir()}/ovl-diagnose-`)
for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
afterAll(() => rmSync(dir, { recursive: true }))

interface Data {
  readonly findings: readonly { readonly code: string; readonly severity: string }[]
  readonly trial?: { readonly tried: readonly string[] }
  readonly words?: { readonly lower: readonly { readonly path: string }[]; readonly target?: string }
  readonly unseen: readonly string[]
}
const diagnose = (...args: readonly string[]): Ran => ovl(['diagnose', ...args], { cwd: dir })
const data = (ran: Ran): Data => envelope(ran).data as Data
const codes = (ran: Ran): string[] => data(ran).findings.filter(({ severity }) => severity === 'error').map(({ code }) => code)

describe('a pasted command', () => {
  it.each([
    'mount -t overlay overlay -o lowerdir=l1:no /tmp/m', 'sudo mount -t overlay overlay -o lowerdir=l1:no /tmp/m', '/bin/mount -v -t overlay -olowerdir=l1:no none /tmp/m',
    'sudo -E -u root LC_ALL=C mount -n -t overlay overlay /tmp/m -o lowerdir=l1:no', 'env A=1 B=2 mount -toverlay x -o lowerdir=l1:no /tmp/m', 'LIBMOUNT_FORCE_MOUNT2=always mount -t overlay o /tmp/m -o lowerdir=l1:no',
    'busybox mount -t overlay o /tmp/m -o lowerdir=l1:no', '$ mount -t overlay o /tmp/m -o lowerdir=l1:no', 'ovl mount -l l1 -l no /tmp/m',
  ])('%s', (command) => {
    const ran = diagnose('--json', '--no-trial', '--', ...command.split(' '))
    expect(data(ran).words).toMatchObject({ lower: [{ path: 'l1' }, { path: 'no' }], target: '/tmp/m' })
    expect(codes(ran)).toContain('lower-missing')
    expect(ran.code).toBe(1)
  })

  it('without the dashes', () => {
    expect(codes(diagnose('--json', '--no-trial', 'mount', '-t', 'overlay', 'overlay', '-o', 'lowerdir=l1:no', 'm'))).toContain('lower-missing')
  })

  it('that is none is refused', () => {
    expect(stripCommand(['ls', '-l'])).toBeUndefined()
    expect(diagnose('--', 'ls', '-l')).toMatchObject({ code: 2, stdout: '' })
  })
})

describe('exit codes', () => {
  it.each([
    [['--no-trial', '-l', 'l1', '-l', 'no', 'm'], 1], [['--message', 'x', '--target', 'y'], 2], [['--code', 'lower-misssing'], 2], [['--code', 'lower-missing'], 0], [['--target', 'm'], 2],
    [['--from-facts', 'no'], 2], [['--frob'], 2], [['--facts', 'x'], 2],
  ])('%j is %d', (args, code) => expect(diagnose(...args).code).toBe(code))

  it('of what could not be looked at says why', () => {
    expect(diagnose('--code', 'lower-misssing').stderr).toContain('did you mean lower-missing?')
    expect(diagnose('--target', 'm').stderr).toContain('is no overlay')
  })
})

describe('facts', () => {
  it('are written for their owner alone, and judged elsewhere as here', () => {
    const here = diagnose('--json', '--no-trial', '-l', 'l1', '-l', 'no', '-u', 'u', '-w', 'w', '--facts', 'f.json', 'm')
    expect(statSync(`${dir}/f.json`).mode & 0o777).toBe(0o600)
    const there = ovl(['diagnose', '--json', '--from-facts', `${dir}/f.json`], { cwd: '/' })
    expect(data(there).findings).toEqual(data(here).findings)
    expect(there.code).toBe(1)
  })

  it('without names', () => {
    const here = diagnose('--json', '--no-trial', '-l', 'l1', '-l', 'alices', '--facts', 'r.json', '--redact', 'm')
    expect(readFileSync(`${dir}/r.json`, 'utf8')).not.toMatch(/alices|ovl-diagnose-/)
    expect(codes(ovl(['diagnose', '--json', '--from-facts', `${dir}/r.json`]))).toEqual(codes(here))
  })

  it.each(['', '{}', '[]', 'null', '{"version":1,"facts":{"version":1},"faults":[]}', '\u0000'])('of no facts file: %j', (text) => {
    writeFileSync(`${dir}/bad.json`, text)
    expect(diagnose('--from-facts', 'bad.json')).toMatchObject({ code: 2, stdout: '' })
  })
})

describe('hostile words', () => {
  it.each([['\u001b[31mred'], ['a\nb'], ['x'.repeat(5000)], ['-'], ['../'.repeat(2000)], [',,,,'], ['lowerdir='], ["$(touch pwned)'\"`"]])('%j', (name) => {
    const ran = diagnose('--no-trial', '-l', 'l1', `--lower=${name}`, '-o', `lowerdir=${name},${name}`, 'm')
    expect(ran.code).toBe(1)
    expect(ran.stdout + ran.stderr).not.toMatch(/\u001b\[31m|\n {4}at /)
    expect(ran.stderr).not.toContain('bug in ovl')
  })
})

it('the page of a code is text, and data', () => {
  expect(diagnose('--code', 'layers-overlap').stdout).toMatch(/^layers-overlap \(error\)\n\nWhat it is\n/)
  expect(envelope(diagnose('--code', 'layers-overlap', '--json'))).toMatchObject({ kind: 'diagnosis', ok: true, data: { code: 'layers-overlap' } })
})

it('takes a message from standard input', () => {
  const ran = runChild('sh', ['-c', `printf 'mount: /m: special device overlay does not exist.' | ${process.execPath} ${BIN} diagnose --json --message -`], { cwd: ROOT })
  expect(envelope(ran).kind).toBe('diagnosis')
})

it('says where the text went that is not there', () => {
  for (const word of ['', ' \n', '-']) {
    const { code, stdout, stderr } = ovl(['diagnose', '--message', word])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('2>&1 | ovl diagnose --message -')
  }
})

it('of a file that cannot be read, and of words that go with another', () => {
  for (const args of [['--from-facts', dir], ['--redact', '-l', 'l1', '-l', 'l2', 'm'], ['--check', '-l', 'l1', '-l', 'l2', 'm']]) {
    const { code, stderr } = diagnose(...args)
    expect(code, stderr).toBe(2)
    expect(stderr).not.toContain('bug')
  }
})
