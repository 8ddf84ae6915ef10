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
import { run } from '../host/exec.ts'
import { readFileBytes, statName } from '../host/files.ts'
import { collectLintFacts } from '../host/lint-facts.ts'
import { decodeName, isUtf8Name } from '../names/bytes.ts'
import { absolutePath, tidyPath } from '../names/path.ts'

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
  const image = root === undefined || absolutePath(root, process.cwd()) === '/' ? undefined : absolutePath(root, process.cwd())
  if (image !== undefined) {
    const found = statName(image)
    if (typeof found === 'string' || found.kind !== 'directory') throw new OvlError('usage', `--root '${root ?? ''}' is no directory`, { hint: 'Name the directory where the image is mounted or unpacked.' })
  }
  const path = image === undefined ? absolutePath(file, process.cwd()) : tidyPath(`${image}/${file}`)
  const found = statName(path)
  if (typeof found === 'string') throw new OvlError('usage', found === 'ENOENT' ? `there is no '${path}'` : `'${path}' cannot be read: ${found}`, { hint: 'Name the file: ovl fstab --lint=FILE' })
  if (found.kind !== 'file') throw new OvlError('usage', `'${path}' is no file but a ${found.kind}`, { hint: 'Name an fstab.' })
  const parsed = parseFstab(decodeName(readFileBytes(path)))
  const wanted = parsed.lines.some(({ raw }) => /overlay|ovl|lowerdir/.test(raw))
  // What is installed here says nothing of an image.
  const asked = image === undefined && wanted
  const [mountVersion, findmnt] = asked ? await Promise.all([askMount(signal), askFindmnt(path, signal)]) : [UNASKED, []]
  return judgeFstab({ ...collectLintFacts(path, parsed, image), mountVersion, findmnt })
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
