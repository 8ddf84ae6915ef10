/** Limits: of the option text, of a value, of the number of layers and mounts, of the disk. */

import type { Fix } from '../../errors/finding.ts'
import { nameBytes } from '../../names/bytes.ts'
import { quoteShell } from '../../names/shell.ts'
import { FSCONFIG_VALUE_MAX, encodeMountData } from '../../overlay/encode.ts'
import { dataLimit } from '../../overlay/limits.ts'
import { paramsOf } from '../../overlay/params.ts'
import type { LayerRole, OverlayParam } from '../../overlay/params.ts'
import { isOneCall, readAttempt } from '../attempt.ts'
import { mountAgain } from '../../overlay/command.ts'
import type { Facts } from '../facts.ts'
import { quote, seen, suspect, valueOf } from '../suspect.ts'
import type { Suspect } from '../suspect.ts'

export function limitSuspects(facts: Facts): Suspect[] {
  return [...dataSuspects(facts), ...valueSuspects(facts), ...diskSuspects(facts), ...mountSuspects(facts)]
}

/** Through mount(2), where everything is one string. Shortened names were measured before they were used. */
function dataSuspects(facts: Facts): Suspect[] {
  const { spec, system, trial } = facts
  const attempt = readAttempt(facts)
  if (spec === undefined || trial?.step !== 'mount-overlay' || attempt === undefined || !isOneCall(attempt)) return []
  if (trial.form !== undefined && trial.form !== 'absolute' && trial.form !== 'argv') return []
  const used = nameBytes(encodeMountData(paramsOf(spec)))
  const limit = dataLimit(system.pageSize)
  if (used <= limit) return []
  return [suspect('options-too-long', [], {
    title: `the mount options are ${used} bytes long, and the kernel cut them at ${limit}`,
    evidence: [seen('message', `${used} bytes of options`)],
    fix: layerByLayer(facts),
  })]
}

/** Through fsconfig(2), where the kernel refuses a long value without a word. Something said means another cause. */
function valueSuspects(facts: Facts): Suspect[] {
  const { spec, trial } = facts
  const attempt = readAttempt(facts)
  if (spec === undefined || trial === undefined || attempt?.errno !== 'EINVAL') return []
  if (!attempt.stages.includes('set') || trial.syscall === 'mount' || trial.syscall === 'fsconfig(SET_FD)') return []
  if (trial.context.some((line) => /overlay: |VFS: /.test(line))) return []
  const [long] = valuesOf(paramsOf(spec), trial.form).filter(({ bytes }) => bytes > FSCONFIG_VALUE_MAX)
  if (long === undefined) return []
  return [suspect('value-too-long', [], {
    title: `${long.key}= is ${long.bytes} bytes long, and fsconfig(2) takes ${FSCONFIG_VALUE_MAX}`,
    evidence: [seen('message', `${long.key}= has ${long.bytes} bytes`), seen('fs-context', 'the kernel said nothing, as it does for this alone')],
    fix: [...layerByLayer(facts), { text: 'mount(8) can be made to use mount(2), which takes a page of 4095 bytes.', command: 'export LIBMOUNT_FORCE_MOUNT2=always' }],
  })]
}

/** The strings of one way. Where the form is not known, `lowerdir` stands for all lowers, as mount(8) passes it. */
function valuesOf(params: readonly OverlayParam[], form: string | undefined): { key: string; bytes: number }[] {
  const options = params.flatMap((param) => (param.kind === 'option' ? [{ key: param.key, bytes: nameBytes(param.value ?? '') }] : []))
  const layers = params.filter((param) => param.kind === 'layer')
  if (form === 'fd') return options
  if (form === 'lowerdir+') return [...layers.map(({ role, path }) => ({ key: KEYS[role], bytes: nameBytes(path) })), ...options]
  const lowers = layers.filter(({ role }) => role === 'lower' || role === 'data')
  const uppers = layers.filter(({ role }) => role === 'upper' || role === 'work')
  return [{ key: 'lowerdir', bytes: nameBytes(encodeMountData(lowers)) - 'lowerdir='.length }, ...uppers.map(({ role, path }) => ({ key: KEYS[role], bytes: nameBytes(path) })), ...options]
}

const KEYS: Readonly<Record<LayerRole, string>> = { lower: 'lowerdir+', data: 'datadir+', upper: 'upperdir', work: 'workdir' }

const layerByLayer = ({ spec }: Facts): Fix[] => [{ text: 'Let ovl mount it: it hands over each layer by descriptor, which has no such limit.', ...mountAgain(spec) }]

/** What overlay needs at once: work, index, a temporary file or two. */
const FEW_INODES = 8n
const FEW_BYTES = 65_536n

function diskSuspects(facts: Facts): Suspect[] {
  const { paths } = facts
  const severity = isAboutSpace(facts) ? 'error' : 'warning'
  const holder = paths.find(({ role, free }) => role === 'upper' && free !== undefined) ?? paths.find(({ free }) => free !== undefined)
  const free = valueOf(holder?.free)
  if (holder === undefined || free === undefined || valueOf(holder.superReadOnly) === true) return []
  const where = valueOf(holder.mountPoint) ?? holder.absolute
  const fsType = valueOf(holder.fsType) ?? ''
  const about = [holder.path, holder.absolute]
  const look = (flag: string): Fix => ({ text: 'See how full it is, and remove what is not needed.', command: `df ${flag} ${quoteShell(where)}` })
  const grow = (option: string): Fix[] => (fsType === 'tmpfs' ? [{ text: 'Or let the tmpfs grow.', command: `mount -o remount,${option} ${quoteShell(where)}` }] : [])
  if (BigInt(free.totalInodes) > 0n && BigInt(free.inodes) < FEW_INODES) {
    return [suspect('no-inodes', about, { severity, title: `${quote(where)} has ${free.inodes} inodes left of ${free.totalInodes}`, evidence: [seen('statfs', `${free.inodes} free inodes, ${free.bytes} free bytes`)], fix: [look('-i'), ...grow('nr_inodes=1m')] })]
  }
  if (BigInt(free.bytes) < FEW_BYTES) {
    return [suspect('no-space', about, { severity, title: `${quote(where)} has ${free.bytes} bytes left`, evidence: [seen('statfs', `${free.bytes} free bytes`)], fix: [look('-h'), ...grow('size=75%')] })]
  }
  return []
}

const isAboutSpace = (facts: Facts): boolean => ['ENOSPC', 'EDQUOT'].includes(readAttempt(facts)?.errno ?? '')

function mountSuspects({ system }: Facts): Suspect[] {
  const [count, max] = [valueOf(system.mountCount), valueOf(system.mountMax)]
  if (count === undefined || max === undefined || count < max) return []
  return [suspect('mount-limit', [], {
    title: `${count} mounts are there, and fs.mount-max is ${max}`,
    evidence: [seen('proc', `/proc/sys/fs/mount-max: ${max}`), seen('mountinfo', `${count} mounts`)],
    fix: [
      { text: 'See what has piled up.', command: `findmnt --raw --noheadings --output TARGET | sort | uniq -c | sort -rn | head` },
      { text: 'Or raise the limit.', command: `sysctl fs.mount-max=${max * 2}` },
    ],
  })]
}
