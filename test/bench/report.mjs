/**
 * Lines → one Markdown table, or JSON. A line is
 *   { work, ours, against, theirs, target }    times in ms; target is `{ most }` or `{ least }`: a limit for ours/theirs or, `{ least }`, theirs/ours,
 *                                              or `{ mostMs }`: a limit for ours alone; `{ mostBeyondMs }`: for what ours takes more than theirs
 *   { work, against, missing }                 why that contestant could not be measured
 */

import { cpus, release } from 'node:os'

export function formatMarkdown(lines) {
  const cells = lines.map(judge).map(({ work, ours, against, theirs, ratio, wanted, reached, missing }) => [
    work, milliseconds(ours), against ?? '–', missing ?? milliseconds(theirs), ratio === undefined ? '–' : `${ratio.toFixed(2)} ×`, wanted ?? '–', reached === undefined ? '–' : reached ? 'yes' : '**no**',
  ])
  const table = [['work', 'ovl, ms', 'against', 'ms', 'ratio', 'to reach', 'reached'], ...cells]
  const rows = table.map((row) => `| ${row.join(' | ')} |`)
  return [`Linux ${release()}, Node ${process.version}, ${cpus().length} CPUs; medians`, '', rows[0], '| --- | ---: | --- | ---: | ---: | --- | --- |', ...rows.slice(1), ''].join('\n')
}

export function formatJson(lines) {
  const machine = { kernel: release(), node: process.version, cpus: cpus().length, cpu: cpus()[0]?.model }
  return `${JSON.stringify({ version: 1, date: new Date().toISOString(), machine, lines: lines.map(judge) }, null, 2)}\n`
}

function judge(line) {
  const { ours, theirs, target = {} } = line
  if (target.mostMs !== undefined) return { ...line, ...ratioOf(line), wanted: `≤ ${target.mostMs} ms`, reached: ours <= target.mostMs }
  if (target.mostBeyondMs !== undefined) return { ...line, ...ratioOf(line), wanted: `≤ ${target.mostBeyondMs} ms more`, reached: ours - theirs <= target.mostBeyondMs }
  const wanted = target.most !== undefined ? `≤ ${target.most} ×` : target.least !== undefined ? `≥ ${target.least} × faster` : undefined
  if (ours === undefined || theirs === undefined) return { ...line, wanted }
  const { ratio } = ratioOf(line)
  return { ...line, ratio, wanted, reached: wanted === undefined ? undefined : target.most !== undefined ? ratio <= target.most : ratio >= target.least }
}

/** How much longer we take; where the target is to be faster, how much longer they take. */
function ratioOf({ ours, theirs, target = {} }) {
  if (ours === undefined || theirs === undefined) return {}
  return { ratio: target.least === undefined ? ours / theirs : theirs / ours }
}

const milliseconds = (time) => (time === undefined ? '–' : time.toFixed(time < 10 ? 3 : 1))
