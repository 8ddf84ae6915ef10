/** A case on disk: written whole or not at all, readable by its owner alone, for it names paths of this system. */

import type { Case } from '../diagnose/case.ts'
import { faultOfCase } from '../diagnose/case-shape.ts'
import { OvlError, isOvlError, syscallError } from '../errors/ovl-error.ts'
import { writeFileAtomic } from './files.ts'
import { readNamedFile } from './named-file.ts'

/** @throws OvlError when it cannot be written */
export function writeCase(path: string, judged: Case): void {
  writeFileAtomic(path, Buffer.from(`${JSON.stringify(judged, undefined, 1)}\n`))
}

const HINT = 'Write one with ovl diagnose --facts FILE.'

/** @throws OvlError usage, when it is no facts file of this version: it names the first place that is wrong; interrupted */
export async function readCase(path: string, signal?: AbortSignal): Promise<Case> {
  const text = (await readBytes(path, signal)).toString('utf8')
  if (isDeep(text)) throw new OvlError('usage', `'${path}' is no facts file of ovl: it is nested deeper than ${DEEPEST} levels`, { hint: HINT })
  const value = parse(text)
  const fault = value === undefined ? 'it is no JSON' : faultOfCase(value)
  if (fault !== undefined) throw new OvlError('usage', `'${path}' is no facts file of ovl: ${fault}`, { hint: HINT })
  return value as Case
}

async function readBytes(path: string, signal: AbortSignal | undefined): Promise<Buffer> {
  try {
    return await readNamedFile(path, { signal })
  } catch (error) {
    if (!isOvlError(error) || error.code === 'interrupted' || error.code === 'file-too-large') throw error
    if (error.errno === 'ENOENT') throw new OvlError('usage', `there is no file '${path}'`, { hint: HINT })
    throw error.errno === undefined ? error : syscallError(error.details.syscall ?? 'read', error.errno, `cannot read the facts file '${path}'`).with({ code: 'usage', hint: HINT })
  }
}

const DEEPEST = 64

/** JSON may be nested deeper than whoever writes it again can follow. */
function isDeep(text: string): boolean {
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const mark = text[at]
    if (mark === '\\' && quoted) at += 1
    else if (mark === '"') quoted = !quoted
    else if (!quoted && (mark === '[' || mark === '{')) depth += 1
    else if (!quoted && (mark === ']' || mark === '}')) depth -= 1
    if (depth > DEEPEST) return true
  }
  return false
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
