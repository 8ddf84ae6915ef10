/** Who made a mount, as people call it: JSON has the stable name. */

import type { Maker } from '../../../mounts/overlay-mount.ts'

/** The store is what the mount tells; these two are known by it. */
const CALLED: Readonly<Partial<Record<Maker['name'], string>>> = { 'containers-storage': 'podman/buildah' }

export function callMaker({ name }: Maker): string {
  return CALLED[name] ?? name
}
