/**
 * Where a live system keeps its changes, as it wants to find it when it boots with the same disk: casper's `upper` and
 * `work`, what persistence.conf says for live-boot. A pure function of what was seen on the disk.
 */

import type { Finding, Fix } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import { baseName } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import type { LiveDisk, LivePlace, LiveUpper } from '../plan/plan-live.ts'
import type { ImageType } from '../plan/step.ts'
import type { LivePlan } from './live-plan.ts'
import { findReversal, parsePersistence, unionLayers } from './persistence.ts'
import type { PersistenceMount } from './persistence.ts'

/** What was seen of the place that `--persist` names. */
export interface DiskView {
  readonly what: 'directory' | 'image' | 'device' | 'missing'
  /** Absolute. */
  readonly path: string
  /** As it was said: a path, or LABEL=… */
  readonly said: string
  readonly type?: ImageType
  /** Device and inode of a directory or an image. */
  readonly identity?: string
  /** What holds it: `mounted at …`, `loop device …`. */
  readonly usedBy?: string
  /** Not cleanly unmounted: its journal is replayed. */
  readonly dirty?: boolean
  /** Names at its top. */
  readonly entries: readonly string[]
  /** Text of its persistence.conf. */
  readonly conf?: string
}

export interface Keeping {
  readonly upper: LiveUpper
  /** The layers in another order, by index, where the live system would turn them around. */
  readonly order?: readonly number[]
  readonly findings: readonly Finding[]
}

/** Names of upper and work, as each system has them on its tmpfs or disk. */
const NAMES = { casper: { upper: 'upper', work: 'work' }, 'live-boot': { upper: 'rw', work: 'work' }, plain: { upper: 'upper', work: 'work' } } as const
const LABELS = { casper: 'writable', 'live-boot': 'persistence', plain: 'ovl' } as const
/** What casper leaves where it is when it moves an old disk's content into upper. */
const CASPER_OWN = /^(?:lost\+found|upper|work|log|crash|install-logs-.*|persistence\.conf)$/
const CONF = '/ union\n'
/** Where live-boot has its disks mounted, and what it links leads to. */
export const LINKED = '/run/live/persistence'

/** Whether a file system of that type can be written. */
export function isDiskType(type: ImageType): boolean {
  return type === 'ext4' || type === 'xfs' || type === 'btrfs'
}

/** Changes go to a tmpfs. */
export function keepInMemory(plan: LivePlan, size: string | undefined): Keeping {
  const wanted = size ?? plan.cow.size
  return { upper: { on: 'tmpfs', ...NAMES[plan.system], ...(wanted === undefined ? {} : { size: wanted }) }, findings: [] }
}

/** Changes go to a disk. `bytes`: of an image that is to be made. */
export function keepOnDisk(plan: LivePlan, disk: DiskView, bytes: number | undefined, layerHas: (layer: number, path: string) => boolean): Keeping {
  const { system } = plan
  const trouble = troubleOf(disk, bytes)
  const before = trouble.length === 0 && disk.dirty === true ? [wasDirty(disk)] : []
  const names = NAMES[system]
  const path = disk.path
  if (disk.what === 'missing') {
    const make = { size: bytes ?? 0, label: LABELS[system], files: system === 'live-boot' ? { 'persistence.conf': CONF } : {} }
    const order = system === 'live-boot' ? reversed(plan) : {}
    return { upper: { on: 'disk', disk: { what: 'image', path, type: 'ext4', make }, ...names }, ...order, findings: [...trouble, ...reversal(plan, system === 'live-boot' && trouble.length === 0)] }
  }
  const there: LiveDisk = { what: disk.what, path, ...(disk.type === undefined ? {} : { type: disk.type }), ...(disk.identity === undefined ? {} : { identity: disk.identity }) }
  if (system !== 'live-boot') return { upper: { on: 'disk', disk: there, ...names }, findings: [...before, ...trouble, ...(trouble.length > 0 ? [] : oldLayout(plan, disk))] }
  if (disk.conf === undefined) return { upper: { on: 'disk', disk: there, ...names }, findings: [...trouble, ...(trouble.length > 0 ? [] : [noConf(disk)])] }
  const { mounts, findings } = parsePersistence(disk.conf)
  const root = mounts.find(({ target }) => target === '/')
  const bound = root !== undefined && root.method !== 'union' ? [leftOut('/', `a ${root.method} of / would take the whole live system away`)] : []
  const union = root?.method === 'union' ? root : undefined
  const places = mounts.filter(({ target }) => target !== '/').map((mount) => placeOf(mount, plan, path, layerHas))
  const bare = mounts.filter(({ target, method }) => method === 'union' && places.some(({ at, how }) => at === target && how === 'bind')).map(({ target }) => overNothing(target))
  const all = [...before, ...trouble, ...findings, ...bare, ...bound, ...reversal(plan, union !== undefined)]
  const more = places.length === 0 ? {} : { places }
  if (union === undefined) {
    const size = plan.cow.size
    return { upper: { on: 'tmpfs', ...names, ...(size === undefined ? {} : { size }), ...(places.length === 0 ? {} : { disk: there }), ...more }, findings: [...all, ...(places.length === 0 ? [nothingKept(disk)] : [])] }
  }
  const base = union.source === '.' ? '' : `${union.source}/`
  return { upper: { on: 'disk', disk: there, upper: `${base}rw`, work: `${base}work`, ...more }, ...reversed(plan), findings: all }
}

/** Directories that persistence.conf keeps by a union of their own: keepOnDisk() asks which layers have them. */
export function unionsInside(conf: string): string[] {
  return parsePersistence(conf).mounts.filter(({ method, target }) => method === 'union' && target !== '/').map(({ target }) => target)
}

/** The order of a live-boot root under `/ union`. */
function reversed(plan: LivePlan): { readonly order?: readonly number[] } {
  const under = unionLayers(plan.layers)
  return under.length === 0 ? {} : { order: under.map((layer) => plan.layers.indexOf(layer)) }
}

/** Told once, should the plan have told it already for its own boot line. */
function reversal(plan: LivePlan, union: boolean): Finding[] {
  const found = union && !plan.findings.some(({ code }) => code === 'live-order-reversed') ? findReversal(plan.layers) : undefined
  return found === undefined ? [] : [found]
}

function placeOf({ target, source, method }: PersistenceMount, plan: LivePlan, disk: string, layerHas: (layer: number, path: string) => boolean): LivePlace {
  if (method === 'link') return { at: target, source, how: 'link', over: [], shown: `${LINKED}/${baseName(disk)}${source === '.' ? '' : `/${source}`}` }
  const order = unionLayers(plan.layers).map((layer) => plan.layers.indexOf(layer))
  const over = method === 'union' ? order.filter((layer) => layerHas(layer, target)) : []
  // There is nothing to lay it over: what it keeps is all there is.
  return method === 'union' && over.length === 0 ? { at: target, source: `${source === '.' ? '' : `${source}/`}rw`, how: 'bind', over } : { at: target, source, how: method === 'union' ? 'union' : 'bind', over }
}

const DISK_COLUMNS = 'NAME,LABEL,UUID,FSTYPE'
const LIST_DISKS = `lsblk -o ${DISK_COLUMNS}`

/** No command writes over what may be somebody's file. */
function troubleOf({ what, path, said, type, usedBy }: DiskView, bytes: number | undefined): Finding[] {
  const at = quoteShell(path)
  if (what === 'missing' && bytes === undefined) return [unusable(`there is nothing at '${said}' to keep changes in`, `'${path}' does not exist`, path.startsWith('/dev/') ? [{ text: 'See which disks there are.', command: LIST_DISKS }] : [{ text: 'Say how large an image shall be made there.', command: `ovl live mount SOURCE TARGET --persist ${at} --size 4g` }, { text: 'Or make a directory.', command: `mkdir ${at}` }])]
  if (what === 'missing') return []
  if (bytes !== undefined) return [finding('usage', { title: `'${said}' is there already: --size is for an image that is to be made`, fix: [{ text: 'Leave out --size, or name another file.' }] })]
  if (usedBy !== undefined) return [finding('upper-in-use', { title: `'${said}' is in use: ${usedBy}`, explanation: 'Two mounts that write to one disk do not know of each other, and would destroy what is on it.', evidence: [{ fact: usedBy, source: 'mountinfo' }], fix: [{ text: 'Take that down first.' }] })]
  if (what === 'directory') return []
  if (type === undefined) return [unusable(`'${said}' holds no file system that is known`, 'magic numbers', what === 'device' ? [{ text: 'Look at what it holds: partitions, or something of somebody else.', command: `lsblk -o ${DISK_COLUMNS} ${at}` }, { text: 'If it may be lost, make a file system on it.', command: `mkfs.ext4 ${at}` }] : [{ text: 'Name a file that is not there yet: with --size an image is made of it.' }])]
  return isDiskType(type) ? [] : [finding('upper-unsupported', { title: `'${said}' holds ${type}, which cannot be written`, evidence: [{ fact: type, source: 'file' }], fix: [{ text: 'Name an ext4, xfs or btrfs, or a directory.' }] })]
}

/** casper would move what it finds into upper at the next boot; with an upper there already it would not, and what is there would be hidden for good. */
function oldLayout({ system }: LivePlan, { said, entries, what }: DiskView): Finding[] {
  const others = entries.filter((name) => !CASPER_OWN.test(name))
  if (entries.includes('upper') || others.length === 0) return []
  const old = system === 'casper' && what !== 'directory'
  return [unusable(`'${said}' holds other things: ${others.slice(0, 5).join(', ')}${others.length > 5 ? ' …' : ''}`, 'no upper among them', [
    ...(old ? [{ text: 'If it is a disk of an older casper, boot the live system with it once: it moves all of it into upper.' }] : []),
    { text: what === 'directory' ? 'Name an empty directory.' : 'Name an empty disk, or an image that is to be made with --size.' },
  ])]
}

function noConf({ said, path, what }: DiskView): Finding {
  const conf = quoteShell(what === 'directory' ? `${path}/persistence.conf` : '/mnt/persistence.conf')
  const write = `printf '/ union\\n' > ${conf}`
  return unusable(`'${said}' has no persistence.conf: live-boot passes over it`, 'no persistence.conf at its top', [{ text: 'Say in it what shall be kept: all of it.', command: what === 'directory' ? write : `mount ${quoteShell(path)} /mnt && ${write}; umount /mnt` }])
}

const wasDirty = ({ said }: DiskView): Finding => finding('persistence-unusable', { severity: 'note', title: `'${said}' was not unmounted cleanly: its journal is replayed now`, explanation: 'What was written last before the power went or the process was killed may be missing.' })
const nothingKept = ({ said }: DiskView): Finding => finding('persistence-unusable', { severity: 'warning', title: `persistence.conf on '${said}' keeps nothing that can be shown: all changes are lost on umount`, fix: [{ text: "To keep all of it, it says '/ union'." }] })
const leftOut = (target: string, why: string): Finding => finding('persistence-line-skipped', { title: `'${target}' of persistence.conf is not shown: ${why}`, explanation: 'live-boot does it when it boots; what is changed there now goes where all other changes go.' })
const overNothing = (target: string): Finding => finding('persistence-unusable', { severity: 'warning', title: `no image has '${target}': live-boot stops the boot at a union over nothing`, explanation: 'It is shown with what the disk keeps of it alone.', fix: [{ text: `In persistence.conf, keep it by bind: '${target} bind'.` }] })
const unusable = (title: string, fact: string, fix: readonly Fix[]): Finding => finding('persistence-unusable', { title, evidence: [{ fact, source: 'file' }], fix })

