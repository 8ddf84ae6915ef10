/** What a facts file must be like before it is judged: every field that the rules may look at, and nothing about what it means. */

import { FINDING_CODES } from '../errors/codes.ts'
import type { Evidence, Finding, Fix } from '../errors/finding.ts'
import type { Maker, OverlayMount } from '../mounts/overlay-mount.ts'
import { isOptionName } from '../overlay/options.ts'
import { MOUNT_FLAGS, PROPAGATIONS } from '../overlay/spec.ts'
import type { LowerLayer, OverlaySpec } from '../overlay/spec.ts'
import type { Case } from './case.ts'
import type { Facts, FileKind, HolderFact, ImageState, JoinedFact, Known, PathFact, PathRole, Place, SystemFact, TrialFact, UpperProbe, WorkFact } from './facts.ts'
import { bool, digits, either, list, object, oneOf, optional, record, text, whole } from './shape.ts'
import type { Shape } from './shape.ts'
import type { Refusal, WorkTrouble } from './trial-answer.ts'

/** The first thing that is wrong with a value that should be a case, with its place; undefined when it is one. */
export function faultOfCase(value: unknown): string | undefined {
  return CASE(value, '')
}

const texts = list(text)

function known<T>(shape: Shape<T>): Shape<Known<T>> {
  return either('known', true, object<{ known: true; value: T }>({ known: oneOf(true), value: shape }), object<{ known: false; why: string }>({ known: oneOf(false), why: text })) as Shape<Known<T>>
}

const FILE_KIND: Shape<FileKind> = oneOf('directory', 'file', 'block', 'char', 'symlink', 'fifo', 'socket')
const ROLE: Shape<PathRole> = oneOf('lower', 'data', 'upper', 'work', 'target')
const PLACE: Shape<Place> = object<Place>({ superblock: text, path: text })
const IMAGE_STATE = either('clean', true, object<{ clean: true }>({ clean: oneOf(true) }), object<{ clean: false; fact: string }>({ clean: oneOf(false), fact: text })) as Shape<ImageState>

const PATH: Shape<PathFact> = object<PathFact>({
  role: ROLE, index: whole, path: text, absolute: text, errno: optional(text), made: optional(oneOf(true)),
  image: optional(oneOf('squashfs', 'erofs', 'ext4', 'xfs', 'btrfs', 'iso9660')), imageState: optional(known(IMAGE_STATE)),
  culprit: optional(text), via: optional(object<{ link: string; to: string }>({ link: text, to: text })), culpritFsType: optional(known(text)),
  kind: optional(FILE_KIND), device: optional(text), inode: optional(text), uid: optional(whole), mode: optional(whole), ancestry: optional(texts),
  place: optional(known(PLACE)), mountId: optional(known(whole)), mountPoint: optional(known(text)), fsType: optional(known(text)),
  mountReadOnly: optional(known(bool)), superReadOnly: optional(known(bool)), mountFlags: optional(known(texts)), unbindable: optional(known(bool)),
  stackDepth: optional(known(whole)), mountsBelow: optional(known(texts)),
  free: optional(known(object<{ bytes: string; inodes: string; totalInodes: string }>({ bytes: digits, inodes: digits, totalInodes: digits }))),
  userXattrs: optional(known(bool)),
})

const LAYER: Shape<LowerLayer> = object<LowerLayer>({ path: text, idmap: optional(text), bind: optional(oneOf(true)) })
const VALUE: Shape<string | true> = (value, at) => (value === true ? undefined : text(value, at))
/** Far more than the kernel takes; each layer is compared with each. */
const MOST_LAYERS = 1200

const SPEC: Shape<OverlaySpec> = object<OverlaySpec>({
  target: optional(text), source: text, lower: list(LAYER, MOST_LAYERS), data: list(LAYER, MOST_LAYERS), upper: optional(text), work: optional(text), workDerived: optional(bool),
  tmpfs: optional(object<{ size?: string }>({ size: optional(text) })), options: record(VALUE, isOptionName) as Shape<OverlaySpec['options']>,
  flags: list(oneOf(...MOUNT_FLAGS), MOST_LAYERS), propagation: optional(oneOf(...PROPAGATIONS)),
  unknown: list(object<{ key: string; value?: string }>({ key: text, value: optional(text) }), MOST_LAYERS),
  label: optional(text), mkdir: bool, userspace: list(text, MOST_LAYERS),
})

const MAKER: Shape<Maker> = object<Maker>({ name: oneOf('docker', 'containerd', 'containers-storage', 'buildkit', 'systemd', 'lxc', 'schroot', 'live-system', 'ovl', 'unknown'), id: optional(text) })

const OVERLAY: Shape<OverlayMount> = object<OverlayMount>({
  id: whole, parentId: whole, target: text, source: text, type: text, device: text, lower: texts, data: texts, upper: optional(text), work: optional(text),
  unresolved: optional(bool), deleted: optional(texts), options: record(VALUE), flags: texts, readOnly: bool, propagation: texts,
  maker: MAKER,
  namespace: optional(object<{ inode: string; pid: number }>({ inode: text, pid: whole })),
})

const HOLDER: Shape<HolderFact> = object<HolderFact>({
  mountId: whole, target: text, role: oneOf('upper', 'work'), path: text, device: text, inode: text, place: known(PLACE),
  elsewhere: optional(object<{ namespace: string; pid: number; program: string }>({ namespace: text, pid: whole, program: text })),
  maker: optional(MAKER), container: optional(object<NonNullable<HolderFact['container']>>({ id: text, name: optional(text), engine: optional(oneOf('podman', 'buildah', 'cri-o')) })),
})

const FORM: Shape<NonNullable<TrialFact['form']>> = oneOf('fd', 'lowerdir+', 'lowerdir', 'absolute', 'relative', 'proc-fd', 'argv')

const TRIAL: Shape<TrialFact> = object<TrialFact>({ step: text, syscall: optional(text), errno: optional(text), form: optional(FORM), context: list(text, 1000), kernel: known(list(text, 1000)) })

const SYSTEM: Shape<SystemFact> = object<SystemFact>({
  kernelRelease: text, pageSize: whole, overlayRegistered: known(bool), moduleParameters: known(record(text)), inUserNamespace: known(bool), capSysAdmin: known(bool),
  mayMount: known(bool), uid: whole, mountMax: known(whole), mountCount: known(whole), securityModules: known(texts), userNamespaceLimits: known(record(text)),
  modulesInstalled: known(bool), kernelConfig: optional(known(record(text))),
})

const FACTS: Shape<Facts> = object<Facts>({
  version: oneOf(1), cwd: text, spec: optional(SPEC), paths: list(PATH, MOST_LAYERS),
  joined: list(object<JoinedFact>({ path: text, parts: texts, separator: oneOf(':', ',') }), MOST_LAYERS),
  work: known(object<WorkFact>({ work: optional(FILE_KIND), index: optional(FILE_KIND), incompat: texts, indexJunk: texts })),
  overlays: known(list(OVERLAY)), holders: known(list(HOLDER)), system: SYSTEM, trial: optional(TRIAL),
  upperProbe: optional(known(object<UpperProbe>({ dType: text, trustedXattr: text, userXattr: text, tmpfile: text, renameWhiteout: text }))), mounted: optional(known(OVERLAY)),
})

const FINDING: Shape<Finding> = object<Finding>({
  code: oneOf(...FINDING_CODES), severity: oneOf('error', 'warning', 'note'), title: text, explanation: text,
  evidence: list(object<Evidence>({ fact: text, source: oneOf('stat', 'statfs', 'mountinfo', 'kernel-log', 'fs-context', 'message', 'probe', 'proc', 'sysfs', 'file') }), 1000),
  fix: list(object<Fix>({ text, command: optional(text) }), 1000), confidence: oneOf('certain', 'likely', 'possible'), docs: text,
})

const CASE: Shape<Case> = object<Case>({
  version: oneOf(1), facts: FACTS, faults: list(FINDING, 1000),
  trial: optional(object<NonNullable<Case['trial']>>({
    tried: list(text, 1000), leftOut: list(text, 1000),
    refused: optional(object<Refusal>({ code: oneOf(...FINDING_CODES), message: text, hint: optional(text), findings: list(FINDING, 1000) })),
    work: optional(object<WorkTrouble>({ path: text, errno: text })), inUserNamespace: bool,
  })),
})
