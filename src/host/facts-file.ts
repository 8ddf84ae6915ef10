/** A case on disk: written whole or not at all, readable by its owner alone, for it names paths of this system. */

import { existsSync, readFileSync } from 'node:fs'
import type { Case } from '../diagnose/case.ts'
import { OvlError, syscallError } from '../errors/ovl-error.ts'
import { nameBuffer } from './syscalls/check.ts'
import { writeFileAtomic } from './files.ts'

/** @throws OvlError when it cannot be written */
export function writeCase(path: string, judged: Case): void {
  writeFileAtomic(path, Buffer.from(`${JSON.stringify(judged, undefined, 1)}\n`))
}

/** @throws OvlError usage, when it is no facts file of this version */
export function readCase(path: string): Case {
  if (!existsSync(nameBuffer(path))) throw new OvlError('usage', `there is no file '${path}'`, { hint: 'Write one with ovl diagnose --facts FILE.' })
  const value = parse(readText(path))
  if (!isCase(value)) throw new OvlError('usage', `'${path}' is no facts file of ovl`, { hint: 'Write one with ovl diagnose --facts FILE.' })
  return value
}

function readText(path: string): string {
  try {
    return readFileSync(nameBuffer(path), 'utf8')
  } catch (error) {
    const { code = '', syscall = 'read' } = error as NodeJS.ErrnoException
    throw syscallError(syscall, code, `cannot read the facts file '${path}'`).with({ code: 'usage', hint: 'Write one with ovl diagnose --facts FILE.' })
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** As far as a look at its shape can tell; a file made by hand may still be judged strangely. */
function isCase(value: unknown): value is Case {
  if (typeof value !== 'object' || value === null) return false
  const { version, facts, faults } = value as Partial<Case>
  return version === 1 && Array.isArray(faults) && typeof facts === 'object' && facts !== null && facts.version === 1
    && Array.isArray(facts.paths) && Array.isArray(facts.joined) && typeof facts.system === 'object' && typeof facts.work === 'object' && typeof facts.overlays === 'object' && typeof facts.holders === 'object'
}
