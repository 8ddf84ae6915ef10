/** The public API of ovl, re-exports only: the map of the product. */

// Saying it
export { overlay } from './overlay/builder.ts'
export type { LowerInput, OverlayBuilder, PathInput } from './overlay/builder.ts'
export { MOUNT_FLAGS, PROPAGATIONS } from './overlay/spec.ts'
export type { LowerLayer, MountFlag, OverlaySpec, Propagation } from './overlay/spec.ts'
export { OPTION_TABLE } from './overlay/options.ts'
export type { OptionName, OptionRow } from './overlay/options.ts'
export { specFromWords } from './overlay/words.ts'
export type { MountWords } from './overlay/words.ts'
export { validate } from './overlay/validate.ts'

// Encoding it
export { encode } from './ops/options.ts'
export type { Encoding, OptionsDescription } from './ops/options.ts'
export type { FsconfigCall } from './overlay/encode.ts'
export type { LayerRole, OverlayParam } from './overlay/params.ts'

// Mounting it, changing it, taking it down
export { mount, planOfMount } from './ops/mount.ts'
export type { MountOptions, MountResult, Mounted } from './ops/mount.ts'
export { remount, planOfRemount } from './ops/remount.ts'
export type { Remounted } from './ops/remount.ts'
export { planOfUnmount, planOfUnmountStale, unmount, unmountStale } from './ops/unmount.ts'
export type { StaleOptions, UnmountOptions, Unmounted } from './ops/unmount.ts'
export type { Form, ImageType, LiveRecord, Plan, Receipt, Slice, Step, Via } from './plan/step.ts'
export { describePlan, toShell } from './plan/describe.ts'

// At boot
export { formatFstab, removeFstab, writeFstab } from './ops/fstab.ts'
export type { FstabChange, FstabOptions, WriteOptions } from './ops/fstab.ts'
export { mountUnit, writeUnit } from './ops/unit.ts'
export type { WrittenUnit } from './ops/unit.ts'
export type { FstabLineText, LineWishes } from './fstab/line.ts'
export { lintFstab } from './ops/fstab-lint.ts'
export type { LintOptions } from './ops/fstab-lint.ts'
export type { LintLine } from './fstab/lint/lint.ts'
export type { Corrected } from './fstab/lint/correct.ts'
export type { Unit, UnitFile, UnitWishes } from './fstab/unit.ts'
export type { OrderWishes, Reason } from './fstab/words.ts'
export { parseFstab } from './fstab/file.ts'
export type { FstabEntry, FstabFile, FstabLine, FstabMalformed, FstabRemark } from './fstab/file.ts'

// The running system, and work inside a system
export { mountRoot, planOfRoot } from './ops/root.ts'
export type { RootMounted, RootOptions } from './ops/root.ts'
export { planOfBootRoot, writeBootRoot } from './ops/root-boot.ts'
export type { BootWritten } from './ops/root-boot.ts'
export type { BootFile, BootPlan, BootRequest, BootTool } from './live/boot-root.ts'
export { enter } from './ops/live-enter.ts'
export type { EnterOptions, Entered } from './ops/live-enter.ts'

// Seeing it
export { list } from './ops/list.ts'
export type { ListOptions } from './ops/list.ts'
export { inspect } from './ops/inspect.ts'
export type { Inspection } from './ops/inspect.ts'
export type { LayerIdentity, LayerView, MountRef } from './mounts/inspection.ts'
export type { Room } from './mounts/health.ts'
export type { OptionInForce } from './mounts/in-force.ts'
export type { ContainerName } from './mounts/identity.ts'
export type { Maker, OverlayMount } from './mounts/overlay-mount.ts'

// What is wrong, and what works here
export { diagnose } from './ops/diagnose.ts'
export type { Diagnosis, DiagnoseRequest } from './ops/diagnose.ts'
export type { Case } from './diagnose/case.ts'
export { doctor } from './ops/doctor.ts'
export type { Checkup, DoctorOptions, ProbeGroup, ProbePart, ProbeRow, ProbeState } from './ops/doctor.ts'

// Live systems
export { planLive } from './live/live-plan.ts'
export type { BootEntry, LiveCow, LiveLayer, LivePlan, LivePlanOptions, LiveStack, LiveSystem } from './live/live-plan.ts'
export { parsePersistence } from './live/persistence.ts'
export type { Persistence, PersistenceMount } from './live/persistence.ts'
export { mountLive, planOfLiveMount } from './ops/live-mount.ts'
export type { LiveMountOptions, LiveMounted } from './ops/live-mount.ts'
export { planOfLiveUnmount, readLive, unmountLive } from './ops/live.ts'
export type { LiveMount } from './ops/live.ts'
export { liveStatus } from './ops/live-status.ts'
export type { LiveStatus } from './ops/live-status.ts'
export { packLive, planOfLivePack } from './ops/live-pack.ts'
export type { LivePackOptions, LivePackPlan, LivePacked, PackKind } from './ops/live-pack.ts'
export { readMedium } from './ops/live-plan.ts'
export type { ReadMediumOptions } from './ops/live-plan.ts'
export type { Extent, Medium, MediumFile } from './live/medium.ts'

// What can go wrong
export { OvlError, isOvlError } from './errors/ovl-error.ts'
export type { OvlErrorDetails } from './errors/ovl-error.ts'
export { FINDING_CODES } from './errors/codes.ts'
export type { FindingCode } from './errors/codes.ts'
export type { Confidence, Evidence, EvidenceSource, Finding, Fix, Severity } from './errors/finding.ts'

// Names that are no UTF-8
export { decodeName, encodeName } from './names/bytes.ts'
