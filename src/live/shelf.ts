/** The directory of a medium in which a live system looks for its images; for bare images, the images themselves. */

import { baseName, tidyPath } from '../names/path.ts'
import { valueOf } from './cmdline.ts'
import { filesIn } from './medium.ts'
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

/** What lies in the directory, in no order. */
export function shelfOf(medium: Medium, directory: string): readonly Shelved[] {
  return (medium.kind === 'images' ? medium.files : filesIn(medium, directory)).map((file) => ({ ...file, name: baseName(file.path) }))
}

/** Names as a glob `*.EXTENSION` gives them: hidden ones are left out. */
export function withExtension(shelf: readonly Shelved[], extension: string): readonly Shelved[] {
  return shelf.filter(({ name }) => name.endsWith(`.${extension}`) && !name.startsWith('.'))
}
