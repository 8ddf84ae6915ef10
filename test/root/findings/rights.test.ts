/** Refusals for want of rights, met by a child process in the namespace or with the rights of the row. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { FindingCode } from '../../../src/errors/codes.ts'
import type { Finding } from '../../../src/errors/finding.ts'
import type { TrialFact } from '../../../src/diagnose/facts.ts'
import type { OverlaySpec } from '../../../src/overlay/spec.ts'
import { bundle, makeGround } from '../host/ground.ts'
import { sh, spec } from './rows.ts'

const ground = makeGround()
symlinkSync(join(import.meta.dirname, '../../../node_modules'), join(ground, 'node_modules'))
const script = bundle(ground, 'judge', `
  import { readFileSync } from 'node:fs'
  import { judgeFailure, judgeMounted } from 'src/diagnose/judge.ts'
  import { collectFacts } from 'src/host/facts.ts'
  import { decodeOverlays } from 'src/mounts/decode.ts'
  import { parseMountinfo } from 'src/mounts/mountinfo.ts'
  import { tryMount } from '${join(import.meta.dirname, 'attempt.ts')}'
  const spec = JSON.parse(readFileSync(0, 'utf8'))
  const { trial, failed } = await tryMount(spec, process.argv[2])
  const overlay = decodeOverlays(parseMountinfo(readFileSync('/proc/self/mountinfo')).mounts).findLast(({ target }) => target === spec.target)
  const judge = (trial) => failed ? judgeFailure(collectFacts(spec, { trial })) : judgeMounted(collectFacts(spec, { trial, mounted: { known: true, value: overlay } }))
  console.log(JSON.stringify({ trial, heard: judge(trial), deaf: judge({ ...trial, kernel: { known: false, why: 'kernel.dmesg_restrict' } }) }))
`)

interface Answer {
  readonly trial: TrialFact
  readonly heard: readonly Finding[]
  readonly deaf: readonly Finding[]
}

const USERNS = ['unshare', '--user', '--map-root-user', '--mount', '--propagation', 'private']
const upperOf = (dir: string, change: Partial<OverlaySpec>): OverlaySpec => spec(dir, change)
const readOnly = (dir: string, change: Partial<OverlaySpec>): OverlaySpec => {
  const { upper: _upper, work: _work, ...rest } = spec(dir, change)
  return rest
}

const ROWS: readonly { readonly name: string; readonly enter: readonly string[]; readonly arrange: (dir: string) => OverlaySpec; readonly errno?: string; readonly code: FindingCode; readonly title?: string }[] = [
  { name: 'root without CAP_SYS_ADMIN', enter: ['setpriv', '--inh-caps', '-sys_admin', '--bounding-set', '-sys_admin'], errno: 'EPERM', code: 'not-permitted', title: 'CAP_SYS_ADMIN', arrange: (dir) => spec(dir) },
  { name: 'a user namespace without a mount namespace', enter: ['unshare', '--user', '--map-root-user'], errno: 'EPERM', code: 'not-permitted', title: 'another user namespace', arrange: (dir) => spec(dir) },
  ...(['redirect_dir', 'metacopy', 'verity'] as const).map((option) => ({ name: `${option}=on in a user namespace`, enter: USERNS, errno: 'EPERM', code: 'userns-option-refused' as const, title: option, arrange: (dir: string) => upperOf(dir, { options: { [option]: 'on' } }) })),
  { name: 'data-only layers in a user namespace', enter: USERNS, errno: 'EPERM', code: 'userns-option-refused', title: 'data-only', arrange: (dir) => readOnly(dir, { lower: [{ path: `${dir}/l1` }], data: [{ path: `${dir}/l2` }] }) },
  { name: '/ as a layer in a user namespace', enter: USERNS, errno: 'EINVAL', code: 'userns-locked-mounts', title: "'/'", arrange: (dir) => readOnly(dir, { lower: [{ path: '/' }, { path: `${dir}/l1` }] }) },
  { name: 'a mount below a layer in a user namespace', enter: USERNS, errno: 'EINVAL', code: 'userns-locked-mounts', title: '/l1/below', arrange: (dir) => {
    sh('mkdir "$1/l1/below"; mount -t tmpfs t "$1/l1/below"', dir)
    return upperOf(dir, { options: { userxattr: true } })
  } },
  { name: 'a lower behind a directory of somebody else', enter: USERNS, errno: 'EACCES', code: 'path-unreadable', title: "permission on '", arrange: (dir) => {
    sh('mkdir -p "$1/closed/l"; chown 65534:65534 "$1/closed"; chmod 700 "$1/closed"', dir)
    return upperOf(dir, { lower: [{ path: `${dir}/closed/l` }], options: { userxattr: true } })
  } },
  { name: 'no userxattr in a user namespace', enter: USERNS, code: 'userns-needs-userxattr', arrange: (dir) => upperOf(dir, {}) },
  { name: 'a work directory of somebody else', enter: USERNS, code: 'work-dir-unusable', arrange: (dir) => {
    sh('chown 65534:65534 "$1/w"', dir)
    return upperOf(dir, { options: { userxattr: true } })
  } },
]

test.each(ROWS.flatMap((row) => (['fd', 'mount2'] as const).map((way) => ({ ...row, way }))))('$name ($way)', ({ enter, arrange, errno, code, title, way }) => {
  const dir = mkdtempSync(`${ground}/row-`)
  for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
  const input = JSON.stringify(arrange(dir))
  const [command = '', ...words] = [...enter, process.execPath, script, way]
  const { trial, heard, deaf } = JSON.parse(execFileSync(command, words, { input, encoding: 'utf8', cwd: ground })) as Answer
  expect(trial.errno, JSON.stringify({ trial, heard }, null, 1)).toBe(errno)
  for (const [first] of [heard, deaf]) {
    expect({ code: first?.code, confidence: first?.confidence }, JSON.stringify({ trial, heard, deaf }, null, 1)).toEqual({ code, confidence: 'certain' })
    if (title !== undefined) expect(first?.title).toContain(title)
  }
})
