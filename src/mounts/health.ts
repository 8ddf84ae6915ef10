/**
 * What can be told to be wrong with a live overlay: facts that somebody has gathered → findings, root
 * cause first. Nothing is looked up here, and nothing is said of what could not be looked at.
 */

import type { Finding, Severity } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import { quoteShell } from '../names/shell.ts'
import type { LayerRole } from '../overlay/params.ts'
import type { OverlayMount } from './overlay-mount.ts'

/** One layer as it was found. */
export interface LayerState {
  readonly role: LayerRole
  /** Position among its role, topmost 0. */
  readonly index: number
  readonly path: string
  /** Absent where nobody could look, or where the name is not known to be a path. */
  readonly exists?: boolean
  /** The kernel marked it as removed. */
  readonly deleted?: boolean
  /** The mount it lies on can be written to. */
  readonly onWritableMount?: boolean
}

/** Room on the file system of upper, of what an ordinary user may take. */
export interface Room {
  readonly bytes: { readonly free: bigint; readonly total: bigint }
  /** Numbers of files. A total of 0 means that the file system has no fixed number. */
  readonly inodes: { readonly free: bigint; readonly total: bigint }
}

/** Another live overlay that holds a layer of this one. */
export interface SharedLayer {
  readonly role: LayerRole
  readonly path: string
  readonly other: OverlayMount
  readonly otherRole: LayerRole
  /** Device and inode were compared, not only names. */
  readonly certain: boolean
}

export interface HealthFacts {
  readonly overlay: OverlayMount
  readonly layers: readonly LayerState[]
  /** Whether `work/work` exists; absent where nobody could look. */
  readonly workInWork?: boolean
  readonly room?: Room
  readonly shared: readonly SharedLayer[]
}

/** Facts → findings: errors, warnings, notes; a cause stands before what follows from it. */
export function judgeHealth(facts: HealthFacts): Finding[] {
  const findings = [workUnusable, mountedReadOnly, missingLayers, sharedLayers, fullUpper, readOnlyByDesign, openBehind].flatMap((judge) => judge(facts))
  return findings.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note']

/** One finding a code: where one lower is gone, mostly all are. */
function missingLayers({ overlay, layers }: HealthFacts): Finding[] {
  const missing = layers.filter(({ exists }) => exists === false)
  return (['upper-missing', 'work-missing', 'lower-missing'] as const).flatMap((code) => {
    const gone = missing.filter(({ role }) => (isWritableRole(role) ? code === `${role}-missing` : code === 'lower-missing'))
    return gone.length === 0 ? [] : [missingFinding(code, gone, isNamedElsewhere(overlay))]
  })
}

function missingFinding(code: 'upper-missing' | 'work-missing' | 'lower-missing', gone: readonly LayerState[], elsewhere: boolean): Finding {
  const [first] = gone as readonly [LayerState, ...LayerState[]]
  const certain = gone.every(({ deleted }) => deleted === true)
  const who = gone.length === 1 ? `${nameLayer(first)} '${first.path}' does` : `${gone.length} layers, ${nameLayer(first)} '${first.path}' among them, do`
  const writable = isWritableRole(first.role)
  return finding(code, {
    title: `${who} not exist${elsewhere ? ' under this name here' : ' any more'}`,
    severity: elsewhere ? 'note' : writable ? 'error' : 'warning',
    explanation: elsewhere
      ? 'These layers were named before the system changed its root, or in another mount namespace. The overlay holds the directories whatever became of their names.'
      : writable
        ? 'The overlay still holds the directory, but it has no name any more: what is written goes nowhere and is lost with the mount.'
        : 'The overlay still holds the directory and shows what was in it. It cannot be mounted again as it is.',
    evidence: gone.slice(0, 5).map(({ path, deleted }) =>
      deleted === true ? { fact: `the kernel marks '${path}' as deleted`, source: 'mountinfo' } : { fact: `'${path}': no such file or directory`, source: 'stat' },
    ),
    confidence: certain ? 'certain' : 'likely',
    fix: elsewhere ? [] : [{ text: writable ? 'Copy what you need out of the mount, then unmount it and mount it with a fresh upper and work.' : 'Bring the directory back before the next mount, or mount without it.' }],
  })
}

/** A root file system got its layers before it was the root; systemd names them in namespaces of its own. */
const isNamedElsewhere = ({ target, maker }: OverlayMount): boolean => target === '/' || maker.name === 'systemd' || maker.name === 'live-system'

function workUnusable({ overlay, workInWork }: HealthFacts): Finding[] {
  if (workInWork !== false || overlay.work === undefined || overlay.upper === undefined) return []
  return [
    finding('work-dir-unusable', {
      title: `'${overlay.work}/work' is missing${isSilentlyReadOnly(overlay) ? ', so the kernel mounted read-only' : ''}`,
      ...(isSilentlyReadOnly(overlay) ? {} : { explanation: 'The kernel keeps half-made changes in “work” inside the work directory, and somebody removed it. New files can still be made, but deleting and renaming what comes from a lower layer fails.' }),
      evidence: [{ fact: `'${overlay.work}/work': no such file or directory`, source: 'stat' }],
      fix: [{ text: 'Unmount, see that the work directory is empty, writable and on a file system with room, and mount again.' }],
    }),
  ]
}

/** Whoever asks for `ro` gets it in both places; the superblock alone is the kernel's own doing. */
const isSilentlyReadOnly = ({ upper, readOnly, flags }: OverlayMount): boolean => upper !== undefined && readOnly && !flags.includes('ro')

function mountedReadOnly({ overlay, workInWork }: HealthFacts): Finding[] {
  if (!isSilentlyReadOnly(overlay)) return []
  return [
    finding('mounted-read-only', {
      title: `'${overlay.target}' has an upper and is read-only all the same`,
      evidence: [{ fact: `mount flags ${overlay.flags.join(',')}; superblock ro`, source: 'mountinfo' }],
      confidence: workInWork === false ? 'certain' : 'likely',
      fix: [{ text: 'The cause stands in the kernel log of the moment of mounting: mostly the work directory. Unmount, put it right, mount again.', command: 'dmesg | grep overlayfs:' }],
    }),
  ]
}

function sharedLayers({ shared }: HealthFacts): Finding[] {
  return shared.map(({ role, path, other, otherRole, certain }) => {
    const abroad = other.namespace === undefined ? '' : ` (in the mount namespace of process ${other.namespace.pid})`
    return finding(role === 'upper' ? 'upper-in-use' : role === 'work' ? 'work-in-use' : 'lower-in-use', {
      title: `${role} '${path}' is also ${otherRole} of the overlay at '${other.target}'${abroad}`,
      severity: isWritableRole(role) && isWritableRole(otherRole) ? 'error' : 'warning',
      evidence: [certain ? { fact: 'both names lead to the same directory', source: 'stat' } : { fact: `the overlay at '${other.target}' lists the same name`, source: 'mountinfo' }],
      confidence: certain ? 'certain' : 'possible',
      fix: [{ text: 'Unmount one of the two, and give each an upper and a work of its own.' }],
    })
  })
}

/** Little means: less than one part in twenty, and less than what a small job takes. */
const FEW = { share: 20n, bytes: 1n << 30n, inodes: 10_000n } as const

function fullUpper({ overlay, room }: HealthFacts): Finding[] {
  if (room === undefined || overlay.upper === undefined || overlay.readOnly) return []
  const kinds = [
    { code: 'no-space', ...room.bytes, few: FEW.bytes, left: `${formatBytes(room.bytes.free)} of ${formatBytes(room.bytes.total)}` },
    { code: 'no-inodes', ...room.inodes, few: FEW.inodes, left: `${room.inodes.free} of ${room.inodes.total} inodes` },
  ] as const
  return kinds.flatMap(({ code, free, total, few, left }) => {
    if (total === 0n || (free > 0n && (free * FEW.share >= total || free >= few))) return []
    return [
      finding(code, {
        title: `the file system of upper '${overlay.upper}' ${free > 0n ? 'is nearly full' : 'is full'}: ${left} left`,
        severity: free > 0n ? 'warning' : 'error',
        evidence: [{ fact: `${free} of ${total} ${code === 'no-space' ? 'bytes' : 'inodes'} free`, source: 'statfs' }],
        fix: [{ text: 'Make room there, or move upper and work to a larger file system.', command: `df -h -- ${quoteShell(overlay.upper ?? '')}; df -i -- ${quoteShell(overlay.upper ?? '')}; du -xh -d 1 -- ${quoteShell(overlay.upper ?? '')} | sort -h` }],
      }),
    ]
  })
}

function readOnlyByDesign({ overlay }: HealthFacts): Finding[] {
  if (isSilentlyReadOnly(overlay) || (overlay.upper !== undefined && !overlay.readOnly)) return []
  const why = overlay.upper === undefined ? 'it has no upper' : 'it is mounted ro'
  return [finding('read-only-overlay', { title: `'${overlay.target}' is read-only: ${why}`, severity: 'note', evidence: [{ fact: why, source: 'mountinfo' }] })]
}

function openBehind({ layers }: HealthFacts): Finding[] {
  const open = layers.filter(({ role, onWritableMount, exists }) => role !== 'work' && onWritableMount === true && exists === true)
  if (open.length === 0) return []
  const lowers = open.filter(({ role }) => role !== 'upper').length
  const who = [...(lowers < open.length ? ['upper'] : []), ...(lowers > 0 ? [`${lowers} lower ${lowers === 1 ? 'layer' : 'layers'}`] : [])].join(' and ')
  return [
    finding('lower-modified', {
      title: `${who} can be edited behind the mount`,
      severity: 'note',
      explanation: 'Layers stay ordinary directories while they are mounted, and these lie on mounts that can be written to. What is changed in them directly, overlay may show or not: the result is undefined.',
      evidence: open.slice(0, 3).map((layer) => ({ fact: `${nameLayer(layer)} '${layer.path}' lies on a writable mount`, source: 'mountinfo' })),
      confidence: 'possible',
      fix: [{ text: 'Change files through the mount only, and layers only while nothing is mounted from them.' }],
    }),
  ]
}

const isWritableRole = (role: LayerRole): boolean => role === 'upper' || role === 'work'

/** Lowers are counted from 1, the topmost, as people do. */
function nameLayer({ role, index }: Pick<LayerState, 'role' | 'index'>): string {
  return isWritableRole(role) ? role : `${role === 'data' ? 'data layer' : 'lower layer'} ${index + 1}`
}

function formatBytes(bytes: bigint): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = Number(bytes)
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}
