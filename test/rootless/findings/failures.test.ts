/** The failures of the table in a user namespace, through `mount(spec)`, where the kernel log is mostly closed: facts alone must do. */

import { mkdirSync, mkdtempSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { mount } from '../../../src/ops/mount.ts'
import { makeGround } from '../../root/host/ground.ts'
import { ROWS } from '../../root/findings/rows.ts'

const ground = makeGround()

/** Needs root, an index (dropped here), or xattrs that only root may write. */
const NOT_HERE = /squashfs|FUSE|index|block device|mark of a volatile|read-only file system/

test.each(ROWS.filter(({ name, rawOnly }) => rawOnly !== true && !NOT_HERE.test(name)))('$name: $code', async ({ arrange, code, title }) => {
  const dir = mkdtempSync(`${ground}/row-`)
  for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
  const error: unknown = await mount(arrange(dir)).then(async (mounted) => {
    await mounted.unmount()
  }, (caught: unknown) => caught)
  if (!isOvlError(error)) throw error ?? new Error('it was mounted')
  expect({ code: error.code, first: error.findings[0]?.code, confidence: error.findings[0]?.confidence }, JSON.stringify({ message: error.message, findings: error.findings }, null, 1)).toEqual({ code, first: code, confidence: 'certain' })
  if (title !== undefined) expect(error.findings[0]?.title).toContain(title)
})
