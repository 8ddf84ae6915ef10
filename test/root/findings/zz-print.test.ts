import { mkdirSync, mkdtempSync, appendFileSync } from 'node:fs'
import { test } from 'vitest'
import { judgeFailure } from '../../../src/diagnose/judge.ts'
import { collectFacts } from '../../../src/host/facts.ts'
import { makeGround } from '../host/ground.ts'
import { takeDown, tryMount } from './attempt.ts'
import { ROWS } from './rows.ts'
const ground = makeGround()
test('print', async () => {
  for (const row of ROWS) {
    const dir = mkdtempSync(`${ground}/r-`)
    for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
    const spec = row.arrange(dir)
    const { trial, failed } = await tryMount(spec, row.ways?.[0] ?? 'fd', row.raw?.(dir))
    if (!failed) takeDown(spec)
    const f = judgeFailure(collectFacts(spec, { trial }))
    const g = judgeFailure(collectFacts(spec, { trial: { ...trial, kernel: { known: false, why: '' } } }))
    appendFileSync('/tmp/print.txt', `## ${row.name} [${trial.syscall} ${trial.errno}]\n` + f.map((x) => `   ${x.code} ${x.severity} ${x.confidence}: ${x.title}\n      ev: ${x.evidence.map((e) => `${e.source}: ${e.fact}`).join(' | ')}\n      fix: ${x.fix.map((e) => `${e.text} $ ${e.command ?? ''}`).join(' | ')}\n`).join('') + (g.map((x) => x.code).join() === f.map((x) => x.code).join() ? '' : `   deaf: ${g.map((x) => x.code).join()}\n`))
  }
}, 100000)
