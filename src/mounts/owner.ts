/**
 * Whose an overlay is, where a container engine or a service made it and goes on using it, and the commands by which
 * these take it down. Taken down behind their back it breaks what runs in it. Pure; names out of the stores are given.
 *
 * A mount unit of systemd is not among them: umount(8) of what fstab says is what systemd expects.
 */

import type { Finding, Fix } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import { baseName } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import type { ContainerName } from './identity.ts'
import type { OverlayMount } from './overlay-mount.ts'
import { storePlace } from './store-path.ts'

export interface Owner {
  /** As in “it belongs to the Docker container 'web'”. */
  readonly whose: string
  /** How its maker takes it down, the gentlest first. */
  readonly fix: readonly Fix[]
}

/** What the store says of the layers. */
export interface LayerOwner {
  readonly container?: Pick<ContainerName, 'id' | 'name' | 'engine'>
  /** Names of the images that its topmost layer is part of. */
  readonly images?: readonly string[]
}

type Owned = Pick<OverlayMount, 'target' | 'maker'> & Partial<Pick<OverlayMount, 'lower' | 'upper' | 'work'>>

/** Undefined for what belongs to ovl, to the running system, or to nobody that is known. */
export function ownerOf(overlay: Owned, known: LayerOwner = {}): Owner | undefined {
  switch (overlay.maker.name) {
    case 'docker': return docker(overlay, known)
    case 'containerd': return containerd(overlay)
    case 'containers-storage': return containersStorage(overlay, known)
    case 'buildkit': return { whose: 'a build of BuildKit', fix: [{ text: 'Let the build come to its end, or stop its builder.', command: 'docker buildx stop' }] }
    case 'systemd': return systemd(overlay)
    case 'lxc': return lxc(overlay)
    case 'schroot': return { whose: `the schroot session ${quoted(overlay.maker.id)}`, fix: [{ text: 'End the session.', command: `schroot --end-session -c ${quoteShell(overlay.maker.id ?? '')}` }] }
    default: return undefined
  }
}

/** Why ovl does not take it down. */
export function refusalOf(target: string, { whose, fix }: Owner): Finding {
  const title = `the overlay at '${target}' belongs to ${whose}, and was not unmounted`
  return finding('owned-elsewhere', {
    title,
    evidence: [{ fact: `by its place and its layers it belongs to ${whose}`, source: 'mountinfo' }],
    fix: [...fix, { text: 'If you know that nobody uses it any more, or that you mounted it yourself: say --force.' }],
  })
}

/** An upper that an engine will use again. */
export function borrowedUpper(upper: string, { whose }: Owner): Finding {
  return finding('owned-elsewhere', {
    severity: 'warning',
    title: `upper '${upper}' belongs to ${whose}`,
    explanation: 'Nothing that can be seen has it mounted now. What is changed through this mount is changed there; and when both are mounted at once, the result is undefined.',
    evidence: [{ fact: `'${upper}' lies where ${whose} keeps its changes`, source: 'file' }],
    fix: [{ text: 'Take it as the topmost lower, with an upper of your own. If it is meant, unmount this before the other is started again.' }],
  })
}

/** The same findings with its maker's commands in place of those that would unmount it, and beside words that say so. */
export function fixByOwner(findings: readonly Finding[], owner: Owner | undefined): Finding[] {
  if (owner === undefined) return [...findings]
  const isTheirs = (fix: Fix): boolean => owner.fix.some(({ text, command }) => text === fix.text && command === fix.command)
  return findings.map((one) => {
    const others = one.fix.filter((fix) => !isTheirs(fix))
    if (!others.some(({ text, command = '' }) => UNMOUNT.test(text) || UNMOUNT.test(command))) return one
    return { ...one, fix: [...others.filter(({ command = '' }) => !UNMOUNT.test(command)), ...owner.fix] }
  })
}

const UNMOUNT = /\bun?mount\b/i

function docker({ maker: { id }, upper, lower, work, target }: Owned, { container, images }: LayerOwner): Owner {
  const place = rootOf([upper, work, lower?.[0], target])
  const [text, ask] = isOfUser(place) ? ['As the user whose Docker it is: stop it.', 'As the user whose Docker it is: find the container whose layer this is, and stop it.'] : ['Let Docker stop it.', 'Find the container whose layer this is, and let Docker stop it.']
  if (container !== undefined) return { whose: `the Docker container ${quoted(container.name ?? short(container.id))}`, fix: [{ text, command: `docker stop ${quoteShell(container.name ?? short(container.id))}` }] }
  return { whose: images?.[0] === undefined ? `Docker (layer ${short(id ?? '?')})` : `the Docker image ${quoted(images[0])}`, fix: [{ text: ask, command: 'docker ps --no-trunc' }] }
}

/** …/io.containerd.runtime.v2.task/NAMESPACE/CONTAINER/rootfs */
const TASK = /\/io\.containerd\.runtime\.v[12]\.[^/]+\/([^/]+)\/([^/]+)\/rootfs$/

function containerd({ target, maker: { id } }: Owned): Owner {
  const [, namespace, container] = TASK.exec(target) ?? []
  if (namespace === undefined || container === undefined) {
    return { whose: `containerd (snapshot ${id ?? '?'})`, fix: [{ text: 'If it is an image that ctr mounted, let ctr take it down.', command: `ctr images unmount ${quoteShell(target)}` }, { text: 'Otherwise find the container whose snapshot this is.', command: 'ctr namespaces list' }] }
  }
  const whose = `the containerd container ${quoted(short(container))} (namespace ${quoted(namespace)})`
  if (namespace === 'k8s.io') return { whose, fix: [{ text: 'Let Kubernetes delete its pod, or stop it on this node.', command: `crictl stop ${quoteShell(container)}` }] }
  return { whose, fix: [{ text: 'Let containerd stop it.', command: `ctr -n ${quoteShell(namespace)} tasks kill ${quoteShell(container)}` }, { text: 'If nerdctl runs it, let nerdctl stop it.', command: `nerdctl -n ${quoteShell(namespace)} stop ${quoteShell(container)}` }] }
}

function containersStorage({ maker: { id }, upper, work, lower, target }: Owned, { container, images }: LayerOwner): Owner {
  const root = rootOf([upper, work, lower?.[0], target])
  const global = root === undefined || root === '/var/lib/containers/storage' || isOfUser(root) ? '' : `--root ${quoteShell(root)} `
  const as = isOfUser(root) ? 'As the user whose store it is: ' : ''
  const say = (text: string, command: string): Fix => ({ text: as === '' ? text : `${as}${text.charAt(0).toLowerCase()}${text.slice(1)}`, command })
  if (container !== undefined) {
    const name = quoteShell(container.name ?? short(container.id))
    const whose = `the ${ENGINES[container.engine ?? 'podman']} container ${quoted(container.name ?? short(container.id))}`
    if (container.engine === 'buildah') return { whose, fix: [say('Let buildah take it down.', `buildah ${global}umount ${name}`)] }
    if (container.engine === 'cri-o') return { whose, fix: [say('Let Kubernetes delete its pod, or stop it on this node.', `crictl stop ${quoteShell(container.id)}`)] }
    return { whose, fix: [say('Let podman stop it, if it runs.', `podman ${global}stop ${name}`), say('If it was only mounted, let podman take it down.', `podman ${global}unmount ${name}`)] }
  }
  if (images?.[0] !== undefined) return { whose: `the image ${quoted(images[0])} of podman or buildah`, fix: [say('Let podman take it down.', `podman ${global}image unmount ${quoteShell(images[0])}`)] }
  return { whose: `podman, buildah or CRI-O (layer ${short(id ?? '?')})`, fix: [say('Find the container whose layer this is, and let podman stop or unmount it.', `podman ${global}ps --all --external`)] }
}

const ENGINES = { podman: 'podman', buildah: 'buildah', 'cri-o': 'CRI-O' } as const

function systemd({ maker: { id = '' }, target, lower = [] }: Owned): Owner {
  if (id === 'sysext' || id === 'confext') return { whose: `systemd-${id}`, fix: [{ text: 'Let systemd take the extensions out.', command: `systemd-${id} unmerge` }] }
  if (id === 'unit-extensions') return { whose: 'a service with extension images', fix: [{ text: 'Stop the service: systemctl stop UNIT. These run.', command: 'systemctl list-units --type=service' }] }
  if (id === 'volatile-root') return { whose: 'the running system (systemd.volatile=overlay)', fix: [{ text: 'It goes when the system is shut down.' }] }
  const machine = [target, ...lower].map((path) => /\/machines\/([^/]+)/.exec(path)?.[1]).find((name) => name !== undefined)
  if (machine === undefined) return { whose: 'a container of systemd-nspawn', fix: [{ text: 'Find the machine, and let systemd power it off: machinectl poweroff NAME.', command: 'machinectl list' }] }
  return { whose: `the systemd-nspawn container ${quoted(machine)}`, fix: [{ text: 'Let systemd power it off.', command: `machinectl poweroff ${quoteShell(machine)}` }] }
}

function lxc({ maker: { id = '' }, target, upper, work }: Owned): Owner {
  const place = [upper, work, target].find((path) => path?.includes(`/${id}/`) === true)
  const path = place?.slice(0, place.lastIndexOf(`/${id}/`)) ?? DEFAULT_LXC
  return { whose: `the LXC container ${quoted(id)}`, fix: [{ text: 'Let LXC stop it.', command: `lxc-stop -n ${quoteShell(id)}${path === DEFAULT_LXC ? '' : ` -P ${quoteShell(path)}`}` }] }
}

const DEFAULT_LXC = '/var/lib/lxc'

/** Root directory of the image store. */
function rootOf(paths: readonly (string | undefined)[]): string | undefined {
  for (const path of paths) {
    const place = path === undefined ? undefined : storePlace(path)
    if (place !== undefined) return place.root
  }
  return undefined
}

/** Rootless: the engine has to be asked by the user himself. */
const isOfUser = (root: string | undefined): boolean => root !== undefined && /\/\.local\/share\/(?:containers\/storage|docker)(?:\/\d+\.\d+)?$/.test(root)

const quoted = (name: string | undefined): string => `'${name ?? '?'}'`
/** Ids of 64 digits, as engines show and take them. */
const short = (id: string): string => (/^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : baseName(id))
