/** Images that are attached read-only though their journal was not written back: what is missing then shows in no error. */

import { quoteShell } from '../../names/shell.ts'
import type { Facts, ImageState, Known } from '../facts.ts'
import { quote, seen, suspect, valueOf } from '../suspect.ts'
import type { Suspect } from '../suspect.ts'

export function imageSuspects({ paths }: Facts): Suspect[] {
  return paths.flatMap(({ path, absolute, image, imageState }) => (image === undefined ? [] : notClean(path, absolute, image, imageState)))
}

/** Empty for an image that is clean, or of which that cannot be told. */
export function notClean(path: string, absolute: string, type: string, known: Known<ImageState> | undefined): Suspect[] {
  const state = valueOf(known)
  if (state === undefined || state.clean) return []
  return [suspect('image-not-clean', [path, absolute], {
    title: `the ${type} image ${quote(path)} was not cleanly unmounted: what is only in its journal will be missing`,
    evidence: [seen('stat', `${quote(absolute)}: ${state.fact}`)],
    fix: [
      { text: 'Unmount it where it is mounted, and copy it then.' },
      { text: 'Or let its journal be written back in a copy, and use that.', command: `cp --reflink=auto ${quoteShell(absolute)} ${quoteShell(`${absolute}.clean`)} && mkdir -p /mnt/image && mount -o loop ${quoteShell(`${absolute}.clean`)} /mnt/image && umount /mnt/image` },
    ],
  })]
}
