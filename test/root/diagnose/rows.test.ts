/** Every failure of the table, through `diagnose({ spec })`: the right cause first and certain; nothing mounted, nothing left, upper and work as they were. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { judgeCase } from '../../../src/diagnose/case.ts'
import { diagnose, examine } from '../../../src/ops/diagnose.ts'
import { MOUNTED_ROWS } from '../findings/mounted-rows.ts'
import { ROWS } from '../findings/rows.ts'
import { hasTool, makeGround } from '../host/ground.ts'

const ground = makeGround()

/** Where trials find their ground: of this file alone, since other files run theirs at the same time. */
const trials = `${ground}/trials`
mkdirSync(trials)
process.env['TMPDIR'] = trials

function fresh(): string {
  const dir = mkdtempSync(`${ground}/row-`)
  for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
  return dir
}

/** Mounts, entries, and the attributes of what must not be written to. */
function state(dir: string): string {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter((line) => line.includes(` ${dir}/`)).join('\n')
  return mounts + execFileSync('sh', ['-c', `cd "$1"; find . -xdev -printf '%p %i %m %U\\n' | sort; getfattr -d -m - u w 2>/dev/null; ls "$2"`, 'sh', dir, trials], { encoding: 'utf8' })
}

// Only there as bytes of one way into the kernel; said in words of ovl they are no faults at all.
const OTHERWISE: Readonly<Record<string, readonly string[]>> = { 'more options than a page': [], 'more bytes than a value': [] }

test.each(ROWS)('$name: $code', async ({ arrange, code, title, name, tools = [] }) => {
  if (!tools.every(hasTool)) return
  const dir = fresh()
  const spec = arrange(dir)
  const before = state(dir)
  const { findings, trial, unseen } = await diagnose({ spec })
  const shown = JSON.stringify({ findings, trial, unseen }, null, 1)
  expect(state(dir)).toBe(before)
  if (OTHERWISE[name] !== undefined) return expect(findings.filter(({ severity }) => severity === 'error'), shown).toEqual([])
  const [first] = findings
  expect({ code: first?.code, confidence: first?.confidence, severity: first?.severity }, shown).toEqual({ code, confidence: 'certain', severity: 'error' })
  if (title !== undefined && !VALIDATED.has(code)) expect(first?.title, shown).toContain(title)
})

/** The validator comes first with words of its own. */
const VALIDATED: ReadonlySet<string> = new Set(['option-conflict'])

test.each(MOUNTED_ROWS)('a success that is none: $name', async ({ name, arrange, codes, tools = [] }) => {
  if (!tools.every(hasTool)) return
  const dir = fresh()
  const spec = arrange(dir)
  const before = state(dir)
  const { diagnosis: { findings, trial, unseen }, judged } = await examine({ spec })
  const shown = JSON.stringify({ findings, trial, unseen }, null, 1)
  expect(state(dir), shown).toBe(before)
  expect(findings.filter(({ severity, code }) => severity === 'error' && code !== 'no-inodes'), shown).toEqual([])
  // What was read-only follows from its cause, and is not seen where another work stood in.
  const wanted = [...new Set(codes.filter((code) => code !== 'mounted-read-only' && !(name.startsWith('no inodes') && code !== 'no-inodes')))]
  for (const code of wanted) expect(findings.map((one) => one.code), shown).toContain(code)
  if (codes.length === 0) expect(findings, shown).toEqual([])
  if (judged !== undefined) expect(judgeCase(JSON.parse(JSON.stringify(judged))).findings).toEqual(findings)
})
