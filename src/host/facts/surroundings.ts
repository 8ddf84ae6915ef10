/** Collects what surrounds a pasted text on this machine: the kernel log, what became of the paths it names, and what the text’s mount point lies on. */

import { FRESH } from '../../diagnose/messages/surroundings.ts'
import type { MissingPath, Surroundings, TargetPlace } from '../../diagnose/messages/surroundings.ts'
import { freshTrouble } from '../../diagnose/log-trouble.ts'
import { readSentence } from '../../diagnose/kernel-words.ts'
import { baseName, parentPath } from '../../names/path.ts'
import { readDirectory, statName } from '../files.ts'
import { kernelLogNow, readKernelLog } from '../kmsg.ts'
import { inUserNamespace } from '../system.ts'
import { look } from './look.ts'
import { mountOf, readMounts } from './mounts.ts'

/** Each of the newest paths is looked at once; more would be of somebody else’s mounts. */
const MOST = 16

/** What the machine tells; `target` is the mount point that the text names. */
export function collectSurroundings(target: string | undefined): Surroundings {
  const log = readKernelLog()
  const now = kernelLogNow()
  const named = log.known ? freshTrouble(log.value, now, FRESH).flatMap(({ text }) => readSentence(text)?.groups['path'] ?? []) : []
  const place = target?.startsWith('/') === true ? placeOf(target) : undefined
  const inside = inUserNamespace()
  return {
    log, now,
    missing: [...new Set(named)].filter((path) => path.startsWith('/')).slice(0, MOST).map(missingPath),
    inUserNamespace: inside.known && inside.value,
    ...(place === undefined ? {} : { target: place }),
  }
}

function missingPath(path: string): MissingPath {
  if (statName(path) !== 'ENOENT') return { path, exists: true }
  const beside = look(() => readDirectory(parentPath(path)))
  const longer = beside.known ? beside.value.find((name) => name.startsWith(baseName(path))) : undefined
  return { path, exists: false, ...(longer === undefined ? {} : { longer: `${parentPath(path)}/${longer}` }) }
}

function placeOf(path: string): TargetPlace {
  const stat = statName(path)
  if (typeof stat === 'string') return { path, ...(stat === 'ENOENT' ? { kind: 'missing' as const } : {}) }
  const mounts = readMounts()
  const fsType = mounts.known ? mountOf(path, undefined, mounts.value)?.fsType : undefined
  return { path, kind: stat.kind, ...(fsType === undefined ? {} : { fsType }) }
}
