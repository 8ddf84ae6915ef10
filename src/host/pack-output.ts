/**
 * A large file made beside its place and renamed over it, so that it is there whole or as it was. What a killed run left
 * is known by its name and the process that made it, and is removed by the next.
 */

import { mkdirSync, readdirSync, renameSync, rmdirSync, statSync, unlinkSync } from 'node:fs'
import { OvlError } from '../errors/ovl-error.ts'
import { decodeName } from '../names/bytes.ts'
import { baseName, parentPath } from '../names/path.ts'
import { syncFile } from './copy.ts'
import { lstatName, syncDirectory } from './files.ts'
import { checkFs, nameBuffer } from './syscalls/check.ts'

export interface Beside {
  /** The file to be written. */
  readonly path: string
  /** A directory for the parts it is made of. */
  readonly parts: string
}

/** Calls `write` with a place beside `out`, and puts what it wrote there in place of `out`. The bytes it has. */
export async function writeBeside(out: string, write: (beside: Beside) => Promise<void>): Promise<number> {
  removeRemains(out)
  const path = `${out}.${process.pid}.ovl-new`
  const beside = { path, parts: `${path}.d` }
  checkFs(`cannot write in '${parentPath(out)}'`, () => mkdirSync(nameBuffer(beside.parts), { mode: 0o700 }))
  try {
    await write(beside)
    dropParts(beside.parts)
    checkFs(`cannot write '${out}'`, () => {
      syncFile(path)
      renameSync(nameBuffer(path), nameBuffer(out))
      syncDirectory(parentPath(out))
    })
    return checkFs(`cannot look at '${out}'`, () => statSync(nameBuffer(out)).size)
  } catch (error) {
    drop(path)
    dropParts(beside.parts)
    throw error
  }
}

/** Of runs whose process is no more. */
function removeRemains(out: string): void {
  const directory = parentPath(out)
  const names = checkFs(`cannot read the directory '${directory}'`, () => readdirSync(nameBuffer(directory), { encoding: 'buffer' })).map((name) => decodeName(name))
  for (const name of names) {
    const rest = name.startsWith(`${baseName(out)}.`) ? name.slice(baseName(out).length) : ''
    const [, pid, isParts] = /^\.(\d+)\.ovl-new(\.d)?$/.exec(rest) ?? []
    if (pid === undefined || (Number(pid) !== process.pid && lstatName(`/proc/${pid}`) !== 'ENOENT')) continue
    if (isParts === undefined) drop(`${directory}/${name}`)
    else dropParts(`${directory}/${name}`)
  }
}

/** Files only lie in it. */
function dropParts(directory: string): void {
  try {
    for (const name of readdirSync(nameBuffer(directory), { encoding: 'buffer' })) drop(`${directory}/${decodeName(name)}`)
    rmdirSync(nameBuffer(directory))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw new OvlError('unknown', `cannot remove '${directory}': ${(error as Error).message}`)
  }
}

function drop(path: string): void {
  try {
    unlinkSync(nameBuffer(path))
  } catch {
    // It was never made.
  }
}
