/** What `ovl remount -v` says: the flags that changed. */

import type { Remounted } from '../../../ops/remount.ts'
import { escapeText, showName } from '../escape.ts'

export function renderRemounted({ target, changed, readOnly }: Remounted): string {
  return `${showName(target)}: ${escapeText(changed.join(' '))}; ${readOnly ? 'read-only' : 'writable'} now\n`
}
