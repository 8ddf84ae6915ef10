/** What `ovl root --boot` wrote, or would write. */

import type { BootWritten } from '../../../ops/root-boot.ts'
import { quoteShell } from '../../../names/shell.ts'
import { showName } from '../escape.ts'

export function renderBoot({ root, files, apply, without }: BootWritten, dryRun: boolean): string {
  const top = root === '/' ? '' : root
  const command = root === '/' ? apply : `ovl live enter ${quoteShell(root)} -- ${apply}`
  const texts = files.map(({ path, mode, text }) => `# ${showName(`${top}${path}`)} (${mode.toString(8)})\n${text}`)
  return dryRun
    ? texts.join('\n')
    : `${files.map(({ path }) => `wrote ${showName(`${top}${path}`)}`).join('\n')}\nnext: ${command}\none boot without it: ${without} on the kernel command line\n`
}
