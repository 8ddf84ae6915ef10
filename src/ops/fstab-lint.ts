/** `ovl fstab --lint`: every overlay line of an fstab, judged in the light of boot. Nothing is mounted or changed. */

import type { Finding } from '../errors/finding.ts'
import { isOvlError, OvlError } from '../errors/ovl-error.ts'
import { entriesOf, parseFstab } from '../fstab/file.ts'
import type { FstabFile } from '../fstab/file.ts'
import type { Complaint, LintFacts } from '../fstab/lint/facts.ts'
import { parseFindmnt } from '../fstab/lint/findmnt.ts'
import { CORRECTED, judgeEntry, judgeFstab } from '../fstab/lint/lint.ts'
import type { LintLine } from '../fstab/lint/lint.ts'
import type { Known } from '../diagnose/facts.ts'
import { absoluteHere } from '../host/cwd.ts'
import { run } from '../host/exec.ts'
import { holdDirectory, readBelow } from '../host/beneath.ts'
import { statName } from '../host/files.ts'
import { collectLintFacts } from '../host/lint-facts.ts'
import { readNamedFile } from '../host/named-file.ts'
import { decodeName, isUtf8Name } from '../names/bytes.ts'
import { tidyPath } from '../names/path.ts'

export interface LintOptions {
  /** Default `/etc/fstab`; with `root`, a path inside it. */
  readonly file?: string
  /** Directory of an image: paths of the lines are looked for below it, and what is mounted here says nothing. */
  readonly root?: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Judges every overlay line (types overlay, overlayfs, fuse.fuse-overlayfs, ovl).
 * @returns the lines in their order, also those without a finding
 * @throws OvlError `usage` when there is no such file or image; `interrupted`
 */
export async function lintFstab({ file = '/etc/fstab', root, signal }: LintOptions = {}): Promise<LintLine[]> {
  const image = root === undefined || absoluteHere(root) === '/' ? undefined : absoluteHere(root)
  if (image !== undefined) {
    const found = statName(image)
    if (typeof found === 'string' || found.kind !== 'directory') throw new OvlError('usage', `--root '${root ?? ''}' is no directory`, { hint: 'Name the directory where the image is mounted or unpacked.' })
  }
  const path = image === undefined ? (file === '-' ? file : absoluteHere(file)) : tidyPath(`${image}/${file}`)
  const parsed = parseFstab(decodeName(await readTable(image, file, path, signal)))
  const wanted = parsed.lines.some(({ raw }) => /overlay|ovl|lowerdir/.test(raw))
  // What is installed here says nothing of an image.
  const asked = image === undefined && wanted
  const [mountVersion, findmnt] = asked ? await Promise.all([askMount(signal), isFile(path) ? askFindmnt(path, signal) : []]) : [UNASKED, []]
  return judgeFstab({ ...collectLintFacts(path, parsed, image), mountVersion, findmnt })
}

/** No fstab is larger. */
const LARGEST = 1024 * 1024

/** Below an image it is what lies in there; else it may be a pipe or standard input, too. */
async function readTable(image: string | undefined, file: string, path: string, signal: AbortSignal | undefined): Promise<Buffer> {
  try {
    if (image === undefined) return await readNamedFile(path, { limit: LARGEST, signal })
    using held = holdDirectory(image)
    return readBelow(held, file, { limit: LARGEST })
  } catch (error) {
    if (!isOvlError(error) || error.code === 'interrupted' || error.code === 'file-too-large') throw error
    if (error.errno === undefined) throw new OvlError('usage', `'${path}' is no file`, { hint: 'Name an fstab.' })
    throw new OvlError('usage', error.errno === 'ENOENT' ? `there is no '${path}'` : `'${path}' cannot be read: ${error.errno}`, { hint: 'Name the file: ovl fstab --lint=FILE' })
  }
}

function isFile(path: string): boolean {
  const found = statName(path)
  return typeof found === 'object' && found.kind === 'file'
}

/** Judges the line of one target in a file that is about to be written: what was asked for, so no other line is proposed. */
export function lintEntry(file: string, parsed: FstabFile, target: string): readonly Finding[] {
  const entry = entriesOf(parsed).findLast((one) => tidyPath(one.target) === tidyPath(target))
  const facts: LintFacts = { ...collectLintFacts(file, parsed), mountVersion: UNASKED, findmnt: [] }
  const findings = entry === undefined ? [] : (judgeEntry(facts, entry)?.findings ?? [])
  // What is not installed yet is a warning of formatFstab.
  return findings.filter(({ code }) => code !== 'tool-missing').map((one) => ({ ...one, fix: one.fix.filter(({ text }) => !text.startsWith(CORRECTED)) }))
}

const UNASKED: Known<string> = { known: false, why: 'it was not asked' }

async function askMount(signal: AbortSignal | undefined): Promise<Known<string>> {
  const said = await tryRun('mount', ['--version'], signal)
  const version = /util-linux (\d+\.\d+(\.\d+)?)/.exec(said?.stdout ?? '')?.[1]
  return version === undefined ? { known: false, why: 'mount --version does not tell' } : { known: true, value: version }
}

/** Nothing when it is not installed: it is a second opinion. */
async function askFindmnt(file: string, signal: AbortSignal | undefined): Promise<readonly Complaint[]> {
  const said = isUtf8Name(file) ? await tryRun('findmnt', ['--verify', '--verbose', '--tab-file', file], signal) : undefined
  return said === undefined ? [] : parseFindmnt(said.stdout, said.stderr)
}

async function tryRun(command: string, args: readonly string[], signal: AbortSignal | undefined): Promise<{ readonly stdout: string; readonly stderr: string } | undefined> {
  try {
    return await run(command, args, { env: { LC_ALL: 'C' }, ...(signal === undefined ? {} : { signal }) })
  } catch (error) {
    if (isOvlError(error) && error.code !== 'interrupted') return undefined
    throw error
  }
}
