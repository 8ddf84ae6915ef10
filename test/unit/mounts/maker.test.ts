import { describe, expect, test } from 'vitest'
import { decodeOverlays } from '../../../src/mounts/decode.ts'
import { identifyMaker } from '../../../src/mounts/maker.ts'
import type { Maker } from '../../../src/mounts/overlay-mount.ts'
import { storePlace } from '../../../src/mounts/store-path.ts'
import { readStoreTable } from './lines.ts'

const ID = '4cb3a319f83e1982493569dc60533b3eb34f01fe73ec670dd97ab4421084bc10'
const LINK = 'YBGSZ45VUGQLMSBFLICFCESXJK'

const by = (target: string, layers: { lower?: string[]; upper?: string; work?: string } = {}, source = 'overlay'): string => {
  const { name, id }: Maker = identifyMaker({ target, source }, { lower: ['/l'], ...layers })
  return id === undefined ? name : `${name} ${id}`
}
const snapshot = (root: string, n: number): { upper: string; work: string } => ({ upper: `${root}/snapshots/${n}/fs`, work: `${root}/snapshots/${n}/work` })

test.each([
  ['docker', /^docker [0-9a-f]{64}$/], ['docker-rootless', /^docker [0-9a-f]{64}$/], ['docker-relative', /^docker [0-9a-f]{64}$/], ['docker-relative-rootless', /^docker [0-9a-f]{64}$/],
  ['buildah', /^containers-storage [0-9a-f]{64}$/], ['buildah-rootless', /^containers-storage [0-9a-f]{64}$/],
  ['containerd', /^containerd [0-9a-f]{64}$/], ['containerd-rootless', /^containerd [0-9a-f]{64}$/],
  ['casper', /^live-system casper$/], ['casper-layered', /^live-system casper$/], ['live-boot', /^live-system live-boot$/], ['overlayroot', /^live-system overlayroot$/], ['dracut-live', /^live-system dracut$/],
  ['sysext', /^systemd sysext$/], ['systemd-volatile', /^systemd volatile-root$/], ['nspawn-volatile', /^systemd nspawn$/],
  ['fuse-overlayfs', /^unknown$/],
])('the store %s', (name, expected) => {
  const overlays = decodeOverlays(readStoreTable(name))
  expect(overlays).toHaveLength(1)
  for (const { maker, unresolved } of overlays) {
    expect(maker.id === undefined ? maker.name : `${maker.name} ${maker.id}`).toMatch(expected)
    expect(unresolved).toBe(name === 'fuse-overlayfs' ? true : undefined)
  }
})

describe('rows', () => {
  const containerd = '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs'
  test.each([
    ['Docker, while a layer is unpacked', by(`/var/lib/docker/overlay2/${ID}-init/merged`), `docker ${ID}`],
    ['Docker, built-in buildkit', by('/var/lib/docker/overlay2/x5j2k9q0vw8p1m7r3t6y4u2i0/merged'), 'docker x5j2k9q0vw8p1m7r3t6y4u2i0'],
    ['Docker, from the container', by('/', { upper: `/var/lib/docker/overlay2/${ID}/diff`, lower: [`/var/lib/docker/overlay2/l/${LINK}`] }), `docker ${ID}`],
    ['Docker, containerd’s store', by(`/var/lib/docker/rootfs/overlayfs/${ID}`, snapshot(containerd, 5)), `docker ${ID}`],
    ['Docker, containerd’s namespace', by(`/run/containerd/io.containerd.runtime.v2.task/moby/${ID}/rootfs`, snapshot(containerd, 5)), `docker ${ID}`],
    ['containerd, CRI', by(`/run/containerd/io.containerd.runtime.v2.task/k8s.io/${ID}/rootfs`, snapshot(containerd, 9)), `containerd ${ID}`],
    ['containerd 1.2', by('/run/containerd/io.containerd.runtime.v1.linux/default/redis/rootfs', snapshot(containerd, 9)), 'containerd redis'],
    ['k3s', by(`/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/${ID}/rootfs`, snapshot('/var/lib/rancher/k3s/agent/containerd/io.containerd.snapshotter.v1.overlayfs', 3)), `containerd ${ID}`],
    ['containerd, a snapshot alone', by('/mnt', snapshot('/var/snap/microk8s/common/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs', 824)), 'containerd 824'],
    ['containerd, read-only', by('/mnt', { lower: [`${containerd}/snapshots/7/fs`, `${containerd}/snapshots/6/fs`] }), 'containerd 7'],
    ['stargz', by('/mnt', snapshot('/var/lib/containerd-stargz-grpc/io.containerd.snapshotter.v1.stargz/snapshotter', 4)), 'containerd 4'],
    ['buildkit', by('/tmp/buildkit-mount123', snapshot('/var/lib/buildkit/runc-overlayfs/snapshots', 12)), 'buildkit 12'],
    ['buildkit, a step', by('/var/lib/buildkit/runc-overlayfs/executor/abc123/rootfs', snapshot('/var/lib/buildkit/runc-overlayfs/snapshots', 12)), 'buildkit abc123'],
    ['podman, rootless', by(`/home/me/.local/share/containers/storage/overlay/${ID}/merged`), `containers-storage ${ID}`],
    ['podman, a volume with :O', by(`/s/overlay-containers/${ID}/userdata/overlay/1234/merge`), `containers-storage ${ID}`],
    ['podman, from the container', by('/', { upper: `/s/overlay/${ID}/diff` }), `containers-storage ${ID}`],
    ['podman, an image, read-only', by('/mnt', { lower: [`/s/overlay/l/${LINK}`] }), 'containers-storage'],
    ['confext', by('/etc', {}, 'confext'), 'systemd confext'],
    ['an extension image of a service', by('/run/x', { lower: ['/run/systemd/unit-extensions/0/usr', '/usr'] }), 'systemd unit-extensions'],
    ['nspawn --overlay=', by('/', { upper: '/srv/up', work: '/srv/.#up0123456789abcdef' }), 'systemd nspawn'],
    ['live-boot, persistent', by('/home', { upper: '/run/live/persistence/sda1/rw' }), 'live-system live-boot'],
    ['live-boot of old', by('/', { upper: '/lib/live/mount/overlay/rw' }), 'live-system live-boot'],
    ['OpenWrt', by('/', { upper: '/overlay/upper' }, 'overlayfs:/overlay'), 'live-system openwrt'],
    ['OpenWrt before its disk', by('/', { upper: '/tmp/root/upper' }, 'overlayfs:/tmp/root'), 'live-system openwrt'],
    ['Arch', by('/', { upper: '/run/archiso/cowspace/x/upperdir' }), 'live-system archiso'],
    ['NixOS', by('/nix/store', { lower: ['/nix/.ro-store'], upper: '/nix/.rw-store/store' }), 'live-system nixos'],
    ['ovl, without its receipt', by('/mnt', { lower: ['/run/ovl/a1b2/lower-0', '/srv/base'] }), 'ovl a1b2'],
    ['ovl, an ordinary user’s', by('/mnt', { upper: '/run/user/1000/ovl/a1b2/rw/upper' }), 'ovl a1b2'],
    ['somebody on top of Docker’s layers', by('/mnt', { lower: [`/var/lib/docker/overlay2/${ID}/diff`], upper: '/home/me/u' }), 'unknown'],
    ['a name that only looks alike', by('/srv/overlay2/merged', { upper: '/srv/cow/upper' }, 'cow'), 'unknown'],
  ])('%s', (_, found, expected) => {
    expect(found).toBe(expected)
  })
})

test.each([
  [`/d/overlay2/l/${LINK}`, { store: 'docker', root: '/d', link: LINK }],
  [`/d/overlay2/${ID}-init/diff`, { store: 'docker', root: '/d', layer: `${ID}-init` }],
  [`/s/overlay/${ID}/diff`, { store: 'containers-storage', root: '/s', layer: ID }],
  [`/s/overlay/${ID}/empty`, { store: 'containers-storage', root: '/s', layer: ID }],
  ['/c/io.containerd.snapshotter.v1.overlayfs/snapshots/12/fs', { store: 'containerd', root: '/c/io.containerd.snapshotter.v1.overlayfs', layer: '12' }],
  ['/b/runc-overlayfs/snapshots/snapshots/3/fs', { store: 'buildkit', root: '/b/runc-overlayfs', layer: '3' }],
  ['/s/overlay/short/diff', undefined],
  ['/srv/snapshots/12/fs', undefined],
])('the place of %s', (path, expected) => {
  expect(storePlace(path)).toEqual(expected)
})
