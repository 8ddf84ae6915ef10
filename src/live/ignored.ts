/** Images that lie beside those of the stack and are not part of it: one note for all of them. */

import type { Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import { compareNames } from '../names/bytes.ts'
import type { LiveLayer } from './live-plan.ts'
import { isNamedLikeImage } from './medium.ts'
import type { Shelved } from './shelf.ts'

/** At most one note. */
export function ignoredImages(system: string, shelf: readonly Shelved[], layers: readonly LiveLayer[]): Finding[] {
  const used = new Set(layers.map(({ path }) => path))
  const names = shelf.filter((file) => !used.has(file.path) && (isNamedLikeImage(file.name) || file.name.endsWith('.dir')) && !isInitrd(file)).map(({ name }) => name).toSorted(compareNames)
  if (names.length === 0) return []
  return [finding('live-image-ignored', { title: `${system} does not stack ${names.length === 1 ? `the image ${names[0] as string}` : `${names.length} images that lie there`}`, evidence: [{ fact: names.join(', '), source: 'file' }, ...(system === 'live-boot' && names.some((name) => /\s/.test(name)) ? [{ fact: 'its scripts cannot take a name with a blank', source: 'file' as const }] : [])] })]
}

/** `initrd.img` of Debian's media, which holds no file system. */
const isInitrd = ({ name, image }: Shelved): boolean => image === 'unknown' && /^initrd.*\.img$/.test(name)
