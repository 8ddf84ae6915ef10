/**
 * Who put an overlay up: one table, one row for each mark by which a maker can be told. Target and
 * source tell more than the layers, and the first row that fits wins; a layer in an image store is the
 * last resort (store-path.ts). What images and containers are called is not here (identity.ts).
 */

import { baseName } from '../names/path.ts'
import type { Receipt } from '../plan/step.ts'
import type { Mount } from './mountinfo.ts'
import type { Maker, OverlayMount } from './overlay-mount.ts'
import { storePlace } from './store-path.ts'

/** `layer` looks at upper, work and every lower, in this order. */
type Place = 'target' | 'source' | 'upper' | 'work' | 'layer'

/** What to look for, who that is, and the id: a capture of the pattern, or a word. */
type Row = readonly [pattern: RegExp, name: Maker['name'], id: string]

const ROWS: Readonly<Record<Place, readonly Row[]>> = {
  target: [
    [/\/overlay2\/([0-9a-z]+)(?:-init)?\/merged$/, 'docker', '$1'],
    // Docker, and buildkit, with containerd's store.
    [/\/rootfs\/overlayfs\/([0-9a-f]{64})$/, 'docker', '$1'],
    [/\/buildkit\/(?:[^/]+\/)?executor\/([^/]+)\/rootfs$/, 'buildkit', '$1'],
    [/\/io\.containerd\.runtime\.v2\.task\/moby\/([^/]+)\/rootfs$/, 'docker', '$1'],
    [/\/io\.containerd\.runtime\.v[12]\.[^/]+\/[^/]+\/([^/]+)\/rootfs$/, 'containerd', '$1'],
    [/\/overlay\/([0-9a-f]{64})\/merged$/, 'containers-storage', '$1'],
    [/\/overlay-containers\/([0-9a-f]{64})\/(?:userdata\/overlay|rootfs)\//, 'containers-storage', '$1'],
    [/\/lxc\/([^/]+)\/rootfs$/, 'lxc', '$1'],
    [/\/schroot\/mount\/([^/]+)$/, 'schroot', '$1'],
  ],
  source: [
    [/^(sysext|confext)$/, 'systemd', '$1'],
    [/^\/cow$/, 'live-system', 'casper'],
    [/^overlayroot$/, 'live-system', 'overlayroot'],
    [/^LiveOS_rootfs$/, 'live-system', 'dracut'],
    [/^overlayfs:\/(?:overlay|tmp\/root)$/, 'live-system', 'openwrt'],
  ],
  upper: [
    [/^\/run\/systemd\/overlay-sysroot\//, 'systemd', 'volatile-root'],
    [/\/nspawn-volatile-[^/]+\/upper$/, 'systemd', 'nspawn'],
    // `lxc.rootfs.path = overlay:LOWER:…/NAME/delta0`; since LXC 3 a new container has overlay/delta.
    [/\/lxc\/([^/]+)\/(?:tmpfs\/)?(?:delta0|overlay\/delta)$/, 'lxc', '$1'],
    [/\/schroot\/union\/overlay\/([^/]+)(?:\/[^/]+)?$/, 'schroot', '$1'],
    [/^\/cow\/upper$/, 'live-system', 'casper'],
    [/^(?:\/root)?(?:\/run\/live|(?:\/usr)?\/lib\/live\/mount)\//, 'live-system', 'live-boot'],
    [/^\/media\/root-rw\/overlay(?:\/|$)/, 'live-system', 'overlayroot'],
    [/^\/run\/archiso\//, 'live-system', 'archiso'],
  ],
  work: [
    // nspawn --overlay= makes its work directory beside upper, under a temporary name.
    [/\/\.#[^/]+[0-9a-f]{16}$/, 'systemd', 'nspawn'],
    // Wherever lxc.lxcpath leads.
    [/\/([^/]+)\/(?:tmpfs\/)?olwork$/, 'lxc', '$1'],
  ],
  layer: [
    [/^\/(?:run\/(?:user\/\d+\/)?ovl|tmp\/ovl-\d+)\/([^/]+)\//, 'ovl', '$1'],
    [/^\/run\/systemd\/(unit-extensions|sysext|confext)\//, 'systemd', '$1'],
    [/^\/run\/rootfsbase$/, 'live-system', 'dracut'],
    [/^(?:\/mnt-root|\/sysroot)?\/nix\/\.(?:ro|rw)-store(?:\/|$)/, 'live-system', 'nixos'],
  ],
}

/** All patterns of a place as one: most mounts fit none, and there may be thousands. */
const any = (place: Place): RegExp => new RegExp(ROWS[place].map(([pattern]) => pattern.source).join('|'))
const ANY: Readonly<Record<Place, RegExp>> = { target: any('target'), source: any('source'), upper: any('upper'), work: any('work'), layer: any('layer') }

/** The maker of a mount, told by ovl's receipt or by the marks in the table above. */
export function identifyMaker({ target, source }: Pick<Mount, 'target' | 'source'>, { lower, upper, work }: Pick<OverlayMount, 'lower' | 'upper' | 'work'>, receipt?: Receipt): Maker {
  if (receipt !== undefined) return { name: 'ovl', id: baseName(receipt.directory) }
  return match('target', target) ?? match('source', source) ?? match('upper', upper) ?? match('work', work) ?? match('layer', upper) ?? match('layer', work) ?? matchLowers(lower) ?? storeOf(upper ?? lower[0])
}

function match(place: Place, text: string | undefined): Maker | undefined {
  if (text === undefined || !ANY[place].test(text)) return undefined
  for (const [pattern, name, id] of ROWS[place]) {
    const captures = pattern.exec(text)
    if (captures !== null) return { name, id: id === '$1' ? (captures[1] as string) : id }
  }
  return undefined
}

function matchLowers(lower: readonly string[]): Maker | undefined {
  for (const path of lower) {
    const maker = match('layer', path)
    if (maker !== undefined) return maker
  }
  return undefined
}

/** Inside a container the target is `/`, but its own layer still lies in a store. The lowers under a foreign upper may be borrowed. */
function storeOf(own: string | undefined): Maker {
  const place = own === undefined ? undefined : storePlace(own)
  if (place === undefined) return { name: 'unknown' }
  return place.layer === undefined ? { name: place.store } : { name: place.store, id: place.layer.replace(/-init$/, '') }
}
