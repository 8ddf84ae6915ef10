/** How far a copy has come, on one line of a terminal that is written over and wiped in the end. Elsewhere nothing is said. */

import { baseName } from '../../names/path.ts'
import { showName } from './escape.ts'
import { sizeOf } from './human/words.ts'
import { isTerminal } from './terminal.ts'
import { write } from './write.ts'

export interface Meter {
  readonly progress: (what: string, done: number, total: number) => void
  readonly end: () => void
}

/** How much of something is made. */
export interface PackMeter {
  readonly progress: (what: string, percent: number) => void
  readonly end: () => void
}

/** Undefined where nobody looks. */
export async function copyMeter(quiet: boolean): Promise<Meter | undefined> {
  const line = await lineMeter(quiet)
  return line === undefined ? undefined : {
    progress: (what, done, total) => line.show(`copying ${showName(baseName(what))}: ${sizeOf(done)} of ${sizeOf(total)}, ${Math.floor((done * 100) / total)} %`),
    end: line.end,
  }
}

/** Undefined where nobody looks. */
export async function packMeter(quiet: boolean): Promise<PackMeter | undefined> {
  const line = await lineMeter(quiet)
  return line === undefined ? undefined : { progress: (what, percent) => line.show(`packing ${showName(what)}: ${percent} %`), end: line.end }
}

async function lineMeter(quiet: boolean): Promise<{ readonly show: (line: string) => void; readonly end: () => void } | undefined> {
  if (quiet || !(await isTerminal('err'))) return undefined
  let shown = ''
  const show = (line: string): void => {
    if (line === shown) return
    write('err', `\r\u001b[K${line}`)
    shown = line
  }
  return { show, end: () => show('') }
}
