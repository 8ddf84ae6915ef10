/** What mount(8) itself says of the failures of the table, piped into `--message`: the cause is among the first three; with `check`, and the words beside it, it is first and certain. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { expect, test } from 'vitest'
import { encodeMount8 } from '../../../src/overlay/encode.ts'
import { paramsOf } from '../../../src/overlay/params.ts'
import { diagnose } from '../../../src/ops/diagnose.ts'
import { markKernelLog } from '../../../src/host/kmsg.ts'
import { quoteShell } from '../../../src/names/shell.ts'
import { takeDown } from '../findings/attempt.ts'
import { ROWS } from '../findings/rows.ts'
import { hasTool, makeGround } from '../host/ground.ts'

const ground = makeGround()

/** Where its one sentence stands for thirty causes, it sends its reader to dmesg(1): there the lines of that are pasted as well. */
const rows = ROWS.filter(({ ways }) => ways === undefined || ways.includes('mount8')).filter(({ rawOnly }) => rawOnly !== true)

/** Their text is that of likelier causes, and dmesg is silent: only a look at the system tells. */
const UNTOLD: ReadonlySet<string> = new Set(['variable not expanded', 'a file in place of the index'])

test.each(rows)('$name: $code', async ({ name, arrange, code, tools = [] }) => {
  if (!tools.every(hasTool)) return
  const dir = mkdtempSync(`${ground}/row-`)
  for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
  const spec = arrange(dir)
  const encoded = encodeMount8(paramsOf(spec), spec.flags)
  if (!encoded.ok || spec.target === undefined) return
  using log = markKernelLog()
  const { status, stderr } = spawnSync('mount', ['-t', 'overlay', 'overlay', '-o', encoded.value, spec.target], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C', LIBMOUNT_FORCE_MOUNT2: 'always' } })
  if (status === 0) return takeDown(spec)
  const said = log.lines()
  const dmesg = said.known && /wrong fs type|already mounted|system call failed|must be superuser/.test(stderr) ? `${said.value.join('\n')}\n` : ''
  const command = `$ mount -t overlay overlay -o ${quoteShell(encoded.value)} ${quoteShell(spec.target)}\n`
  const alone = await diagnose({ message: command + stderr + dmesg })
  if (!UNTOLD.has(name)) expect(alone.findings.slice(0, 3).map((one) => one.code), JSON.stringify({ command, stderr, dmesg, findings: alone.findings.map(({ code, title }) => [code, title]) }, null, 1)).toContain(code)
  const checked = await diagnose({ message: command + stderr, check: true })
  expect({ code: checked.findings[0]?.code, confidence: checked.findings[0]?.confidence }, JSON.stringify(checked.findings.map(({ code, title }) => [code, title]), null, 1)).toEqual({ code, confidence: 'certain' })
})
