/** A live overlay as the spec that would bring it back: what the mount table shows, and what ovl's receipt remembers of images and tmpfs. */

import { OvlError } from '../errors/ovl-error.ts'
import type { OverlayMount } from '../mounts/overlay-mount.ts'
import { isOptionName } from '../overlay/options.ts'
import { EMPTY_SPEC, MOUNT_FLAGS } from '../overlay/spec.ts'
import type { LowerLayer, MountFlag, OverlaySpec } from '../overlay/spec.ts'
import type { Receipt } from '../plan/step.ts'

/**
 * Mount → spec.
 * @throws OvlError `way-cannot-say` when its layers cannot be known
 */
export function specOfMount(mount: OverlayMount, receipt?: Receipt): OverlaySpec & { readonly target: string } {
  const { target, source, options, flags, readOnly } = mount
  if (mount.type !== 'overlay') throw new OvlError('way-cannot-say', `'${target}' is a ${mount.type}, which a line of type overlay cannot bring back`, { hint: 'Say its layers: ovl fstab -l … -u … TARGET' })
  const tmpfs = receipt?.parts.some(({ what }) => what === 'tmpfs') === true
  const layers = receipt?.layers ?? mount
  const gone = mount.deleted?.[0]
  if (mount.unresolved === true && receipt === undefined) throw new OvlError('way-cannot-say', `the mount table does not tell the layers of '${target}' by paths`, { hint: 'Say its layers: ovl fstab -l … -u … TARGET' })
  if (gone !== undefined) throw new OvlError('lower-missing', `the layer '${gone}' of '${target}' has been removed: the mount cannot be brought back`, { hint: 'Say the layers it should have: ovl fstab -l … -u … TARGET' })
  const view = [...layers.lower, ...layers.data].find((path) => receipt?.parts.some(({ at, what }) => at === path && what !== 'image') === true)
  if (view !== undefined) throw new OvlError('way-cannot-say', `a layer of '${target}' is a view that was made for it, perhaps with an id mapping, which nothing tells`, { hint: 'Say its layers: ovl fstab -l … -u … TARGET' })
  const own = Object.entries(options).filter(([key]) => isOptionName(key))
  const other = Object.entries(options).filter(([key]) => !isOptionName(key) && key !== 'context')
  const label = options['context']
  const set: MountFlag[] = MOUNT_FLAGS.filter((flag) => flag !== 'relatime' && flag !== 'ro' && flags.includes(flag))
  const { upper, work } = tmpfs ? {} : layers
  const layer = (path: string): LowerLayer => ({ path: receipt?.parts.find(({ at, what }) => at === path && what === 'image')?.source ?? path })
  return {
    ...EMPTY_SPEC, target, source,
    lower: layers.lower.map(layer), data: layers.data.map(layer),
    options: Object.fromEntries(own), unknown: other.map(([key, value]) => (value === true ? { key } : { key, value })),
    flags: flags.includes('ro') || (readOnly && upper !== undefined) ? ['ro', ...set] : set,
    ...(upper === undefined ? {} : { upper }), ...(work === undefined ? {} : { work }), ...(tmpfs ? { tmpfs: {} } : {}),
    ...(typeof label === 'string' ? { label: label.replace(/^"(.*)"$/s, '$1') } : {}),
  }
}
