/** `ovl fstab --lint`: 0 no line has an error, 32 one has, as mount(8) would answer for it. */

import { lintFstab } from '../ops/fstab-lint.ts'
import { given } from './define.ts'
import type { Call, Outcome } from './define.ts'
import { renderLint } from './output/human/fstab-lint.ts'
import { usageError } from './usage-error.ts'

/** Judges `file`; below the directory of --root, when that is given. */
export async function lintFile({ text, flag, signal }: Call, file: string, hasWords: boolean): Promise<Outcome> {
  const other = ['write', 'remove', 'from', 'comment'].find((word) => text[word] !== undefined) ?? ['dry-run', 'helper', 'automount', 'nofail'].find((word) => flag[word] === true)
  if (other !== undefined) throw usageError(`--lint changes nothing and goes with --root only, not with --${other}`, undefined, 'fstab')
  if (hasWords) throw usageError('--lint takes no other words; the file is named by --lint=FILE', undefined, 'fstab')
  const { root } = text
  const data = await lintFstab({ file, signal, ...given({ root }) })
  const wrong = data.some(({ findings }) => findings.some(({ severity }) => severity === 'error'))
  const named = root === undefined ? file : `${root}/${file}`.replaceAll(/\/+/g, '/')
  return { kind: 'fstab-lint', data, exit: wrong ? 32 : 0, text: (view) => renderLint(named, data, view) }
}
