/** Whose an overlay is, and the command that its maker has for taking it down: from the marks in a mount table alone, and with names out of a store. */

import { describe, expect, test } from 'vitest'
import { finding } from '../../../src/errors/make-finding.ts'
import { identifyMaker } from '../../../src/mounts/maker.ts'
import { fixByOwner, ownerOf } from '../../../src/mounts/owner.ts'
import type { LayerOwner, Owner } from '../../../src/mounts/owner.ts'

const ID = '4cb3a319f83e1982493569dc60533b3eb34f01fe73ec670dd97ab4421084bc10'
const [SHORT, STORE] = [ID.slice(0, 12), '/var/lib/containers/storage']

type Marks = { readonly target?: string; readonly source?: string; readonly lower?: readonly string[]; readonly upper?: string; readonly work?: string }

function owner({ target = '/m', source = 'overlay', lower = ['/l'], ...written }: Marks, known?: LayerOwner): Owner | undefined {
  const overlay = { target, lower, ...written }
  return ownerOf({ ...overlay, maker: identifyMaker({ target, source }, overlay) }, known)
}

const commands = (marks: Marks, known?: LayerOwner): readonly (string | undefined)[] | undefined => owner(marks, known)?.fix.map(({ command }) => command)

const podman = (name: string, root: string = STORE): [Marks, LayerOwner] => [{ target: `${root}/overlay/${ID}/merged`, upper: `${root}/overlay/${ID}/diff` }, { container: { id: ID, name, engine: 'podman' } }]

describe('its maker’s own command', () => {
  test.each<[title: string, marks: Marks, known: LayerOwner, commands: readonly (string | undefined)[]]>([
    ['Docker', { target: `/var/lib/docker/overlay2/${ID}/merged` }, { container: { id: ID, name: 'web' } }, ['docker stop web']],
    ['Docker, a name that a shell would take apart', { target: `/var/lib/docker/overlay2/${ID}/merged` }, { container: { id: ID, name: 'a b;c' } }, ["docker stop 'a b;c'"]],
    ['Docker, a container without a name', { target: `/var/lib/docker/rootfs/overlayfs/${ID}` }, { container: { id: ID } }, [`docker stop ${SHORT}`]],
    ['Docker, no record', { target: '/', upper: `/var/lib/docker/overlay2/${ID}/diff` }, {}, ['docker ps --no-trunc']],
    ['containerd', { target: '/run/containerd/io.containerd.runtime.v2.task/default/redis/rootfs' }, {}, ['ctr -n default tasks kill redis', 'nerdctl -n default stop redis']],
    ['containerd, Kubernetes', { target: `/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/${ID}/rootfs` }, {}, [`crictl stop ${ID}`]],
    ['containerd, an image that ctr mounted', { lower: ['/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/7/fs'] }, {}, ['ctr images unmount /m', 'ctr namespaces list']],
    ['podman', ...podman('web'), ['podman stop web', 'podman unmount web']],
    ['podman, another root', ...podman('web', '/srv/store'), ['podman --root /srv/store stop web', 'podman --root /srv/store unmount web']],
    ['podman, rootless', ...podman('web', '/home/me/.local/share/containers/storage'), ['podman stop web', 'podman unmount web']],
    ['podman, an image', { target: `${STORE}/overlay/${ID}/merged`, lower: [`${STORE}/overlay/l/YBGSZ45VUGQLMSBFLICFCESXJK`] }, { images: ['docker.io/library/debian:12'] }, ['podman image unmount docker.io/library/debian:12']],
    ['podman, a volume with :O', { target: `${STORE}/overlay-containers/${ID}/userdata/overlay/12/merge` }, { container: { id: ID, engine: 'podman' } }, [`podman stop ${SHORT}`, `podman unmount ${SHORT}`]],
    ['buildah', podman('x')[0], { container: { id: ID, name: 'debian-working-container', engine: 'buildah' } }, ['buildah umount debian-working-container']],
    ['CRI-O', podman('x')[0], { container: { id: ID, engine: 'cri-o' } }, [`crictl stop ${ID}`]],
    ['containers/storage, no record', podman('x')[0], {}, ['podman ps --all --external']],
    ['BuildKit', { target: '/var/lib/buildkit/runc-overlayfs/executor/abc123/rootfs' }, {}, ['docker buildx stop']],
    ['system extensions', { target: '/usr', source: 'sysext' }, {}, ['systemd-sysext unmerge']],
    ['configuration extensions', { target: '/etc', source: 'confext' }, {}, ['systemd-confext unmerge']],
    ['a service with extension images', { target: '/usr', lower: ['/run/systemd/unit-extensions/0/usr', '/usr'] }, {}, ['systemctl list-units --type=service']],
    ['nspawn --volatile=overlay', { target: '/var/lib/machines/deb', lower: ['/var/lib/machines/deb'], upper: '/tmp/nspawn-volatile-a1b2c3/upper' }, {}, ['machinectl poweroff deb']],
    ['nspawn --overlay=', { target: '/srv', upper: '/srv/up', work: '/srv/.#up0123456789abcdef' }, {}, ['machinectl list']],
    ['systemd.volatile=overlay', { target: '/', upper: '/run/systemd/overlay-sysroot/upper' }, {}, [undefined]],
    ['LXC', { target: '/var/lib/lxc/c2/rootfs', lower: ['/var/lib/lxc/c1/rootfs'], upper: '/var/lib/lxc/c2/delta0', work: '/var/lib/lxc/c2/olwork' }, {}, ['lxc-stop -n c2']],
    ['LXC, from the container', { target: '/', upper: '/var/lib/lxc/c2/overlay/delta' }, {}, ['lxc-stop -n c2']],
    ['LXC, another place', { target: '/', upper: '/srv/c/c2/delta0', work: '/srv/c/c2/olwork' }, {}, ['lxc-stop -n c2 -P /srv/c']],
    ['LXC, ephemeral', { target: '/', upper: '/home/me/.local/share/lxc/c2/tmpfs/delta0' }, {}, ['lxc-stop -n c2 -P /home/me/.local/share/lxc']],
    ['schroot', { target: '/run/schroot/mount/sid-1f2e' }, {}, ['schroot --end-session -c sid-1f2e']],
    ['schroot, by its upper', { upper: '/var/lib/schroot/union/overlay/sid-1f2e/upper' }, {}, ['schroot --end-session -c sid-1f2e']],
  ])('%s', (_, marks, known, expected) => {
    expect(commands(marks, known)).toEqual(expected)
  })
})

test('what belongs to nobody else', () => {
  for (const marks of [{}, { source: '/cow' }, { lower: ['/run/ovl/a1b2/lower-0'] }, { target: '/srv/lxc/rootfs' }, { upper: '/srv/delta0' }, { upper: '/home/me/u', lower: [`/var/lib/docker/overlay2/${ID}/diff`] }]) expect(owner(marks)).toBeUndefined()
})

test('who it is, is said', () => {
  expect(owner(...podman('web'))?.whose).toBe("the podman container 'web'")
  expect(owner({ target: `/var/lib/docker/overlay2/${ID}/merged` })?.whose).toBe(`Docker (layer ${SHORT})`)
  expect(owner({ target: '/run/containerd/io.containerd.runtime.v2.task/default/redis/rootfs' })?.whose).toBe("the containerd container 'redis' (namespace 'default')")
})

test('commands that unmount give way to its maker’s, words that speak of it stay, with these beside', () => {
  const web = owner(...podman('web'))
  const fixes = (...fix: { text: string; command?: string }[]): unknown => fixByOwner([finding('lower-modified', { fix })], web)[0]?.fix
  expect(fixes({ text: 'Mount it anew.', command: 'ovl umount /m && ovl mount -l a /m' })).toEqual(web?.fix)
  expect(fixes({ text: 'Copy what you need, then unmount it.' }, { text: 'Look.', command: 'df -h' })).toEqual([{ text: 'Copy what you need, then unmount it.' }, { text: 'Look.', command: 'df -h' }, ...(web?.fix ?? [])])
  expect(fixes({ text: 'Make room.', command: 'df -h' })).toEqual([{ text: 'Make room.', command: 'df -h' }])
  const twice = fixByOwner(fixByOwner([finding('lower-modified', { fix: [{ text: 'x', command: 'umount /m' }] })], web), web)
  expect(twice[0]?.fix).toEqual(web?.fix)
  expect(fixByOwner([finding('lower-modified', { fix: [{ text: 'x', command: 'umount /m' }] })], undefined)[0]?.fix).toEqual([{ text: 'x', command: 'umount /m' }])
})
