/** What `ovl umount -v` says: each path that was taken down. */

import type { Unmounted } from '../../../ops/unmount.ts'
import { showName } from '../escape.ts'

export function renderUnmounted(done: readonly Unmounted[]): string {
  return done.flatMap(({ unmounted, removed }) => [...unmounted.map((path) => `unmounted ${showName(path)}\n`), ...removed.map((path) => `removed ${showName(path)}\n`)]).join('')
}
