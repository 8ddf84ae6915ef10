/** mount(8)’s own words in a user namespace, where the kernel log is mostly closed: the text, and what its mount point lies on, must do. What they cannot tell is listed. */

import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync } from 'node:fs'
import { expect, test } from 'vitest'
import { diagnose } from '../../../src/ops/diagnose.ts'
import { COMMAND_ROWS } from '../../root/findings/mount8-rows.ts'
import { encodeMount8 } from '../../../src/overlay/encode.ts'
import { paramsOf } from '../../../src/overlay/params.ts'
import { ROWS } from '../../root/findings/rows.ts'
import { hasTool, makeGround } from '../../root/host/ground.ts'

const ground = makeGround()

/** Needs rights that only root has, or an index, which is dropped here. */
const NOT_HERE = /squashfs|FUSE|index|block device|mark of a volatile|read-only file system|501 layers|literal quotes|SELinux|more bytes than a value|hugetlbfs|in incompat/

const commands = [
  ...ROWS.filter(({ name, tools }) => !NOT_HERE.test(name) && tools?.every(hasTool) !== false).map(({ name, code, arrange, raw }) => ({ name, code, command: (dir: string): readonly string[] => {
    const spec = arrange(dir)
    const encoded = encodeMount8(paramsOf(spec), spec.flags)
    return ['mount', '-t', 'overlay', 'overlay', '-o', raw?.(dir).data ?? (encoded.ok ? encoded.value : ''), spec.target ?? '']
  } })),
  ...COMMAND_ROWS.filter(({ name, enter }) => enter === undefined && !NOT_HERE.test(name)),
]

/** As root the log may be read; here only where kernel.dmesg_restrict is 0. */
const readable = (() => {
  try {
    closeSync(openSync('/dev/kmsg', 'r'))
    return true
  } catch {
    return false
  }
})()

/** One sentence of mount(8) for all of EINVAL, which is most rows; and names that the shell or a separator spoilt, which ENOENT does not show. */
const LEFT_OPEN = /wrong fs type, bad option/
const SPOILT: ReadonlySet<string> = new Set(['tilde not expanded', 'variable not expanded', 'unescaped colon', 'unescaped comma', 'a backslash swallows the comma', 'more options than a page'])
/** Refused for want of rights before they are looked at. */
const REFUSED = /^(?:data-only layers alone, and an upper|one data-only layer)$/

test.each(commands)('$name: $code', async ({ name, code, command }) => {
  const dir = mkdtempSync(`${ground}/row-`)
  for (const each of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${each}`)
  const [program = '', ...words] = command(dir)
  const { status, stderr } = spawnSync(program, words, { cwd: dir, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C', LIBMOUNT_FORCE_MOUNT2: 'always' } })
  expect(status, name).not.toBe(0)
  const { findings, unseen } = await diagnose({ message: stderr })
  const codes = findings.map((one) => one.code)
  const wanted = REFUSED.test(name) ? 'userns-option-refused' : code
  if (!readable && (LEFT_OPEN.test(stderr) || SPOILT.has(name))) {
    expect(unseen).toEqual([expect.stringMatching(/^the kernel log: /)])
    expect(codes[0]).toBe(LEFT_OPEN.test(stderr) ? 'unknown' : 'lower-missing')
    expect(findings.map(({ confidence }) => confidence)).not.toContain('certain')
  } else expect(codes.slice(0, 3), JSON.stringify({ stderr, codes }, null, 1)).toContain(wanted)
})
