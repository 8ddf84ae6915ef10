/** The directory of a medium in which a live system looks for its images; for bare images, the images themselves. */

import { baseName, tidyPath } from '../names/path.ts'
import { valueOf } from './cmdline.ts'
import { OvlError } from '../errors/ovl-error.ts'
import { filesIn, isNamedLikeImage } from './medium.ts'
import type { Medium, MediumFile } from './medium.ts'

/** A file where images are looked for. */
export interface Shelved extends MediumFile {
  readonly name: string
}

const DIRECTORIES = { casper: 'casper', 'live-boot': 'live' } as const

/** By `live-media-path=`, or the one the system has built in. */
export function liveDirectory(system: keyof typeof DIRECTORIES, cmdline: string): string {
  return tidyPath(`/${valueOf(cmdline, 'live-media-path') ?? DIRECTORIES[system]}`)
}

/** The kernel stacks no more; the rules compare each with each. */
const MOST_IMAGES = 500

/** What lies in the directory, in no order. @throws OvlError too-many-layers, for more images than any kernel stacks */
export function shelfOf(medium: Medium, directory: string): readonly Shelved[] {
  const shelf = (medium.kind === 'images' ? medium.files : filesIn(medium, directory)).map((file) => ({ ...file, name: baseName(file.path) }))
  const { length } = shelf.filter(({ name }) => isNamedLikeImage(name) || name.endsWith('.dir'))
  if (length > MOST_IMAGES) throw new OvlError('too-many-layers', `'${directory}' of '${medium.source}' holds ${length} images, and no kernel stacks more than ${MOST_IMAGES}`, { hint: 'Look at what they are: a live system has a few.' })
  return shelf
}

/** Names as a glob `*.EXTENSION` gives them: hidden ones are left out. */
export function withExtension(shelf: readonly Shelved[], extension: string): readonly Shelved[] {
  return shelf.filter(({ name }) => name.endsWith(`.${extension}`) && !name.startsWith('.'))
}
