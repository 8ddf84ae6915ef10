/** A sparse image file with a fresh ext4 in it, made beside and renamed: it is there whole or not at all. */

import { closeSync, constants, ftruncateSync, mkdtempSync, openSync, renameSync, rmSync, unlinkSync, writeFileSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { OvlError } from '../errors/ovl-error.ts'
import type { Step } from '../plan/step.ts'
import { run } from './exec.ts'
import { lstatName } from './files.ts'
import { checkFs, nameBuffer } from './syscalls/check.ts'
import { syncFile } from './copy.ts'

/** @throws OvlError tool-missing, no-space, target-not-directory (something is there already) */
export async function makeDisk({ path, size, label, files }: Extract<Step, { do: 'make-disk' }>, signal: AbortSignal | undefined): Promise<void> {
  if (lstatName(path) !== 'ENOENT') throw new OvlError('usage', `'${path}' is there already`)
  const beside = `${path}.${process.pid}.new`
  const scratch = mkdtempSync(`${tmpdir()}/ovl-disk-`)
  const fd = checkFs(`cannot make the image '${path}'`, () => openSync(nameBuffer(beside), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600))
  try {
    checkFs(`cannot make an image of ${size} bytes at '${path}'`, () => ftruncateSync(fd, size))
    const root = `${scratch}/root`
    mkdirSync(root, { mode: 0o755 })
    for (const [name, text] of Object.entries(files)) writeFileSync(`${root}/${name}`, text)
    const { exitCode, stderr } = await run('mkfs.ext4', ['-q', '-F', '-L', label, '-d', root, beside], { env: { LC_ALL: 'C' }, ...(signal === undefined ? {} : { signal }) })
    if (exitCode !== 0) throw new OvlError(/No space left/.test(stderr) ? 'no-space' : 'unknown', `mkfs.ext4 could not make the image '${path}': ${stderr.split('\n')[0] ?? ''}`, { syscall: 'mkfs.ext4' })
    syncFile(beside)
    checkFs(`cannot make the image '${path}'`, () => renameSync(nameBuffer(beside), nameBuffer(path)))
  } catch (error) {
    unlinkSync(nameBuffer(beside))
    throw error
  } finally {
    closeSync(fd)
    rmSync(scratch, { recursive: true })
  }
}
