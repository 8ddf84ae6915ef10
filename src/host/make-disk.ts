/** A sparse image file with a fresh ext4 in it, made beside and renamed: it is there whole or not at all, whoever else may write its directory. */

import { constants, fstatSync, fsyncSync, ftruncateSync, renameSync } from 'node:fs'
import { OvlError } from '../errors/ovl-error.ts'
import { encodeName } from '../names/bytes.ts'
import { baseName, parentPath } from '../names/path.ts'
import type { Step } from '../plan/step.ts'
import { holdBelow, holdReal, makeDirectoryBelow, openBelow, statBelow, writeBelow } from './beneath.ts'
import { descriptorPath, entry } from './held-directory.ts'
import { run } from './exec.ts'
import { identityOf, statOf } from './files.ts'
import { inPrivateDirectory } from './private-directory.ts'
import { checkFs } from './syscalls/check.ts'

/**
 * @returns device and inode of what was made
 * @throws OvlError tool-missing, no-space, usage (something is there already)
 */
export async function makeDisk({ path, size, label, files }: Extract<Step, { do: 'make-disk' }>, signal: AbortSignal | undefined): Promise<string> {
  using parent = holdReal(parentPath(path))
  const name = baseName(path)
  if (statBelow(parent, name) !== 'ENOENT') throw new OvlError('usage', `'${path}' is there already`, { hint: 'Leave out --size to use it, or name another file.' })
  return await inPrivateDirectory(parent, async (own) => {
    using image = openBelow(own, 'image', constants.O_RDWR | constants.O_CREAT | constants.O_EXCL)
    checkFs(`cannot make an image of ${size} bytes at '${path}'`, () => ftruncateSync(image.fd, size))
    makeDirectoryBelow(own, 'root', 0o755)
    for (const [file, text] of Object.entries(files)) writeBelow(own, `root/${file}`, encodeName(text), 0o644)
    using root = holdBelow(own, 'root')
    const { exitCode, stderr } = await run('mkfs.ext4', ['-q', '-F', '-L', label, '-d', descriptorPath(root, '.'), descriptorPath(image)], { env: { LC_ALL: 'C' }, ...(signal === undefined ? {} : { signal }) })
    if (exitCode !== 0) throw new OvlError(/No space left/.test(stderr) ? 'no-space' : 'unknown', `mkfs.ext4 could not make the image '${path}': ${stderr.split('\n')[0] ?? ''}`, { syscall: 'mkfs.ext4' })
    return checkFs(`cannot make the image '${path}'`, () => {
      fsyncSync(image.fd)
      renameSync(entry(own, 'image'), entry(parent, name))
      return identityOf(statOf(fstatSync(image.fd, { bigint: true }))) as string
    })
  })
}
