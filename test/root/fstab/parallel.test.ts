/** Many writers of one file at a time: each line that was reported as written is in it, and what other programs wrote is not lost. */

import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync, appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { BIN } from '../../support/command.ts'
import { makeGround } from '../host/ground.ts'
import { whyNoTracing } from '../kill/tracing.ts'

const ground = makeGround()
/** Old code lost a line in half of the rounds. */
const ROUNDS = 6
const FEWER_ROUNDS = 2
const NUMBERS = [0, 1, 2, 3, 4, 5, 6, 7]
for (const n of NUMBERS) mkdirSync(`${ground}/m${n}`)

interface Answer { readonly code: number; readonly data: { readonly did?: string; readonly written?: readonly { readonly did: string }[] } | null; readonly error: { readonly code: string; readonly message: string } | null }

function ask(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, ...words, '--json'], { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      expect(stderr).toBe('')
      resolve({ ...(JSON.parse(stdout) as Answer), code: typeof error?.code === 'number' ? error.code : 0 })
    })
  })
}

const line = (n: number): string => `overlay ${ground}/m${n} overlay lowerdir=/usr:/etc,ro,nofail 0 0`
const targets = (text: string): string[] => text.split('\n').filter((one) => one.startsWith('overlay ')).map((one) => one.split(' ')[1] as string).sort()
const said = (n: number): string => `${ground}/m${n}`
const write = (file: string, n: number, env?: Readonly<Record<string, string>>): Promise<Answer> => ask(['fstab', '-l', '/usr', '-l', '/etc', said(n), `--write=${file}`], env)
const backups = (directory: string): string[] => readdirSync(directory).filter((name) => name.startsWith('fstab.ovl-backup')).sort((a, b) => Number(a.split('.')[2] ?? 0) - Number(b.split('.')[2] ?? 0))

function place(name: string, content = '# mine\n'): { readonly dir: string; readonly file: string } {
  const dir = `${ground}/${name}`
  mkdirSync(dir)
  writeFileSync(`${dir}/fstab`, content)
  return { dir, file: `${dir}/fstab` }
}

test.each([['', {}, ROUNDS], ['without FFI ', { OVL_NO_FFI: '1' }, FEWER_ROUNDS]] as const)('%sno line that was reported as written is lost', async (how, env, rounds) => {
  for (let round = 0; round < rounds; round++) {
    const { dir, file } = place(`add${how.length}-${round}`)
    const answers = await Promise.all(NUMBERS.map((n) => write(file, n, env)))
    expect(answers.map(({ error, data }) => error?.message ?? data?.did)).toEqual(NUMBERS.map(() => 'added'))
    const last = readFileSync(file, 'utf8')
    expect(targets(last)).toEqual(NUMBERS.map(said))
    // Each state that the file had is one backup, in order.
    const kept = backups(dir).map((name) => readFileSync(`${dir}/${name}`, 'utf8'))
    expect([...kept, last].map((text) => targets(text).length)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    for (const [at, text] of kept.entries()) expect((kept[at + 1] ?? last).startsWith(text)).toBe(true)
    expect(readdirSync(dir).filter((name) => name.startsWith('.'))).toEqual([])
  }
})

test('nor does one come back that was reported as removed', async () => {
  for (let round = 0; round < FEWER_ROUNDS; round++) {
    const { dir, file } = place(`remove${round}`, `# mine\n${NUMBERS.slice(0, 4).map((n) => `${line(n)}\n`).join('')}`)
    const answers = await Promise.all(NUMBERS.map((n) => (n < 4 ? ask(['fstab', '--remove', said(n), `--write=${file}`]) : write(file, n))))
    expect(answers.map(({ error, data }) => error?.message ?? data?.did)).toEqual(NUMBERS.map((n) => (n < 4 ? 'removed' : 'added')))
    expect(targets(readFileSync(file, 'utf8'))).toEqual(NUMBERS.slice(4).map(said))
    expect(readdirSync(dir).filter((name) => name.startsWith('.'))).toEqual([])
  }
})

test('of many units of one name one is added, and both files are of one writer', async () => {
  for (let round = 0; round < FEWER_ROUNDS; round++) {
    const dir = `${ground}/units${round}`
    mkdirSync(dir)
    const answers = await Promise.all(NUMBERS.map((n) => ask(['unit', '-l', said(n), '-l', '/etc', `${ground}/merged`, '--automount', ...(n % 2 === 0 ? ['--nofail'] : []), `--write=${dir}`])))
    expect(answers.map(({ error }) => error?.message)).toEqual(NUMBERS.map(() => undefined))
    const did = answers.flatMap(({ data }) => (data?.written ?? []).map((one) => one.did))
    expect(did.filter((one) => one === 'added')).toHaveLength(2)
    expect(readdirSync(dir).filter((name) => !name.endsWith('mount'))).toEqual([])
  }
})

/** Runs `ovl fstab --write`, and `between` while the draft lies there that is to take the file’s place. */
async function meanwhile(file: string, dir: string, n: number, between: () => void): Promise<Answer> {
  const child = spawn('strace', ['-f', '-o', '/dev/null', '-e', 'trace=fsync', '-e', 'inject=fsync:delay_enter=1000000:when=1', process.execPath, BIN, 'fstab', '-l', '/usr', '-l', '/etc', said(n), `--write=${file}`, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  child.stdout.on('data', (piece) => { stdout += String(piece) })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  while (child.exitCode === null && !readdirSync(dir).some((name) => name.endsWith('.ovl-new'))) await sleep(5)
  between()
  const code = await ended
  return { ...(JSON.parse(stdout) as Answer), code: code ?? -1 }
}

test.each([
  ['puts another file in its place', (file: string, dir: string): void => { writeFileSync(`${dir}/edited`, '# mine\n# theirs\n'); renameSync(`${dir}/edited`, file) }],
  ['writes into it', (file: string): void => appendFileSync(file, '# theirs\n')],
])('a program without our lock that %s while we write loses nothing', async (how, change) => {
  const why = whyNoTracing()
  if (why !== undefined) return void expect(process.env['OVL_TESTS_MUST_RUN'], why).not.toBe('1')
  const { dir, file } = place(`theirs${how.length}`)
  expect(await meanwhile(file, dir, 1, () => change(file, dir))).toMatchObject({ code: 0, data: { did: 'added' } })
  expect(readFileSync(file, 'utf8')).toMatch(/^# mine\n# theirs\noverlay \S+m1 overlay /)
  expect(readdirSync(dir).sort()).toEqual(['fstab', 'fstab.ovl-backup'])
  expect(readFileSync(`${dir}/fstab.ovl-backup`, 'utf8')).toBe('# mine\n# theirs\n')
})

test('a file that another program makes while we make it is not replaced', async () => {
  const why = whyNoTracing()
  if (why !== undefined) return void expect(process.env['OVL_TESTS_MUST_RUN'], why).not.toBe('1')
  const dir = `${ground}/fresh`
  mkdirSync(dir)
  expect(await meanwhile(`${dir}/fstab`, dir, 2, () => writeFileSync(`${dir}/fstab`, '# theirs\n'))).toMatchObject({ code: 0 })
  expect(readFileSync(`${dir}/fstab`, 'utf8')).toMatch(/^# theirs\noverlay \S+m2 overlay /)
})

test('remains of a dead run go only when they are files of ours', async () => {
  const { dir, file } = place('remains')
  writeFileSync(`${dir}/.4194304.0123456789abcdef.ovl-new`, 'half')
  mkdirSync(`${dir}/.4194305.0123456789abcdef.ovl-new`)
  writeFileSync(`${dir}/.fstab.ovl-lock`, '')
  expect(await write(file, 3)).toMatchObject({ code: 0 })
  expect(readdirSync(dir).sort()).toEqual(['.4194305.0123456789abcdef.ovl-new', 'fstab', 'fstab.ovl-backup'])
  expect(existsSync(file)).toBe(true)
})
