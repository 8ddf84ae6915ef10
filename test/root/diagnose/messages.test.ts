/**
 * What mount(8) itself says of each failure it can be brought to, alone, into `--message`: its one sentence
 * stands for thirty causes and sends its reader to the kernel log, so that is looked at, and the cause is
 * among the first three. With `check`, and the words beside it, it is first and certain.
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { quoteShell } from '../../../src/names/shell.ts'
import { diagnose } from '../../../src/ops/diagnose.ts'
import { encodeMount8 } from '../../../src/overlay/encode.ts'
import { paramsOf } from '../../../src/overlay/params.ts'
import { BIN } from '../../support/command.ts'
import { takeDown } from '../findings/attempt.ts'
import { COMMAND_ROWS } from '../findings/mount8-rows.ts'
import { MOUNTED_ROWS } from '../findings/mounted-rows.ts'
import { ROWS } from '../findings/rows.ts'
import type { Row } from '../findings/rows.ts'
import { hasTool, makeGround } from '../host/ground.ts'

const ground = makeGround()

/** How a command of mount(8) ended; in English, and by mount(2), the only way that 2.38 knows. */
interface Said {
  readonly status: number | null
  readonly stderr: string
}

function run([program = '', ...words]: readonly string[], cwd: string): Said {
  return spawnSync(program, words, { cwd, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C', LIBMOUNT_FORCE_MOUNT2: 'always' } })
}

function fresh(): string {
  const dir = mkdtempSync(`${ground}/row-`)
  for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
  return dir
}

/** The command line of a row, as far as mount(8) can be given its words; the target goes last. */
function commandOf({ arrange, raw }: Row, dir: string): readonly string[] | undefined {
  const spec = arrange(dir)
  const encoded = encodeMount8(paramsOf(spec), spec.flags)
  const options = raw?.(dir).data ?? (encoded.ok ? encoded.value : undefined)
  return options === undefined || spec.target === undefined ? undefined : ['mount', '-t', 'overlay', 'overlay', '-o', options, spec.target]
}

/**
 * The kernel log is one for all, and other mounts of this machine may fail in the same moment with the same
 * errno: then the newest line is not ours, and the mount is made to fail again, a little later each time.
 */
async function firstThree(fail: () => Said, code: string): Promise<{ said: Said; codes: string[] }> {
  for (let attempt = 1; ; attempt++) {
    const said = fail()
    const { findings } = said.status === 0 ? { findings: [] } : await diagnose({ message: said.stderr })
    const codes = findings.map((one) => one.code)
    if (said.status === 0 || codes.slice(0, 3).includes(code as never) || attempt === 15) return { said, codes }
    await sleep(attempt * 40)
  }
}

/** What mount(8) 2.38 does not fail at: it hands on words that are right, or undoes the fault. Asserted, so that the list stays true. */
const TAKEN: ReadonlySet<string> = new Set(['more bytes than a value', 'an SELinux label without SELinux'])
/** Among the rows of commands instead: too long with absolute names, and nothing that ovl would hand to mount(8). */
const AS_COMMANDS: ReadonlySet<string> = new Set(['501 layers', 'literal quotes'])

/** The built command is asked once for each sentence of mount(8): it takes ten times as long. */
const piped = new Set<string>()

async function expectFirstThree(name: string, code: string, fail: () => Said): Promise<Said> {
  const { said, codes } = await firstThree(fail, code)
  expect(said.status !== 0, `${name}: ${said.stderr}`).toBe(!TAKEN.has(name))
  if (said.status === 0) return said
  expect(codes.slice(0, 3), JSON.stringify({ said, codes }, null, 1)).toContain(code)
  const sentence = said.stderr.replaceAll(/ \/\S+:| on \/\S+|\n[^]*/g, '')
  if (!piped.has(sentence)) {
    piped.add(sentence)
    const ran = spawnSync(process.execPath, [BIN, 'diagnose', '--json', '--message', '-'], { input: said.stderr, encoding: 'utf8' })
    const found = (JSON.parse(ran.stdout) as { data: { findings: { code: string }[] } }).data.findings.map((one) => one.code)
    expect(found, ran.stdout).toContain(code)
  }
  return said
}

test.each(ROWS)('$name: $code', async (row) => {
  if (row.tools?.every(hasTool) === false || AS_COMMANDS.has(row.name)) return
  const dir = fresh()
  const command = commandOf(row, dir)
  if (command === undefined) throw new Error(`${row.name}: mount(8) cannot be given these words`)
  const said = await expectFirstThree(row.name, row.code, () => run(command, dir))
  if (said.status === 0 || row.rawOnly === true || row.ways?.includes('mount8') === false) return
  const shell = `$ ${command.slice(0, -3).join(' ')} -o ${command.slice(-2).map(quoteShell).join(' ')}\n`
  const checked = await diagnose({ message: shell + said.stderr, check: true })
  expect({ code: checked.findings[0]?.code, confidence: checked.findings[0]?.confidence }, JSON.stringify(checked.findings.map(({ code, title }) => [code, title]), null, 1)).toEqual({ code: row.code, confidence: 'certain' })
})

test.each(COMMAND_ROWS)('$name: $code', async ({ name, code, command, enter = [] }) => {
  const dir = fresh()
  const words = [...enter, ...command(dir)]
  await expectFirstThree(name, code, () => run(words, dir))
})

test.each(MOUNTED_ROWS)('mount(8) does not fail at: $name', ({ arrange, tools = [] }) => {
  if (!tools.every(hasTool)) return
  const spec = arrange(fresh())
  const encoded = encodeMount8(paramsOf(spec), spec.flags)
  if (!encoded.ok || spec.target === undefined) throw new Error('mount(8) cannot be given these words')
  expect(run(['mount', '-t', 'overlay', 'overlay', '-o', encoded.value || 'rw', spec.target], ground)).toMatchObject({ status: 0, stderr: '' })
  takeDown(spec)
})
