/**
 * A process of its own for one mount(2) whose layer names only mean something from another working
 * directory: relative ones, or numbers below /proc/self/fd. Started by way-mount2.ts; mounts, answers, ends.
 */

import { openSync, readFileSync, writeSync } from 'node:fs'
import { isOvlError } from '../errors/ovl-error.ts'
import { encodeName, nameBytes } from '../names/bytes.ts'
import { encodeMountData } from '../overlay/encode.ts'
import { dataLimit, fitMountData } from '../overlay/limits.ts'
import type { OwnedFd } from './fd.ts'
import { openPath } from './syscalls/files.ts'
import { legacyBits } from './syscalls/mount-flags.ts'
import { mountLegacy } from './syscalls/mount-legacy.ts'
import { pageSize } from './system.ts'
import type { ChildAnswer, ChildRequest } from './way-mount2.ts'

writeSync(1, JSON.stringify(answer(JSON.parse(readFileSync(0, 'utf8')) as ChildRequest)))

function answer({ step, form, cwd }: ChildRequest): ChildAnswer {
  try {
    const data = form === 'proc-fd' ? fromDescriptors(step) : fromDirectory(step, cwd as string)
    mountLegacy(step.source, step.target, 'overlay', legacyBits(step.flags), data)
    return { ok: true }
  } catch (error) {
    if (!isOvlError(error)) return { ok: false, code: 'internal', message: String(error) }
    const { errno, syscall } = error.details
    return { ok: false, code: error.code, message: error.message, ...(errno === undefined ? {} : { errno }), ...(syscall === undefined ? {} : { syscall }) }
  }
}

/** chdir takes no raw bytes in Node, a descriptor's own name is always ASCII. */
function fromDirectory(step: ChildRequest['step'], cwd: string): string {
  process.chdir(`/proc/self/fd/${openSync(encodeName(cwd), 'r')}`)
  const fitting = fitMountData(step.params, pageSize(), ['relative'])
  if (!fitting.ok || fitting.value.cwd !== cwd) throw new Error('the child fits the options in another way than its parent')
  return fitting.value.data
}

/** The descriptors stay open until the process ends: the mount is made from their names. */
function fromDescriptors(step: ChildRequest['step']): string {
  const open = new Map<number, OwnedFd>(step.params.flatMap((param) => (param.kind === 'layer' ? [[param.index, openPath(param.path)] as const] : [])))
  process.chdir('/proc/self/fd')
  const data = encodeMountData(step.params, ({ index }) => String(open.get(index)?.fd))
  if (nameBytes(data) > dataLimit(pageSize())) throw new Error('descriptor numbers are longer than was thought')
  return data
}
