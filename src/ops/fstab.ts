/** `ovl fstab`: the line of an overlay, printed, written into a file or taken out of one. */

import type { Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import { OvlError } from '../errors/ovl-error.ts'
import { formatDiff } from '../fstab/diff.ts'
import { COMMENT_MARK, removeEntry, replaceEntry } from '../fstab/edit.ts'
import type { Edited } from '../fstab/edit.ts'
import { parseFstab } from '../fstab/file.ts'
import type { FstabFile } from '../fstab/file.ts'
import { specOfMount } from '../fstab/from-mount.ts'
import { formatHelperLine } from '../fstab/helper-line.ts'
import { formatLine } from '../fstab/line.ts'
import type { FstabFacts, FstabLineText, LineWishes } from '../fstab/line.ts'
import { absoluteHere, cwdFor } from '../host/cwd.ts'
import { statName } from '../host/files.ts'
import { readImageType } from '../host/image.ts'
import { collectLayerMounts } from '../host/layer-mounts.ts'
import { readReceiptsAt } from '../host/receipts.ts'
import { readRegular } from '../host/regular-file.ts'
import { editFile, refuseDangling } from '../host/replace-file.ts'
import { receiptOfMount } from '../mounts/receipt.ts'
import { decodeName, encodeName } from '../names/bytes.ts'
import { absolutePath } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import { specOf } from '../overlay/builder.ts'
import type { OverlayBuilder } from '../overlay/builder.ts'
import { isOptionName } from '../overlay/options.ts'
import { refuseFaults } from '../overlay/fault.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import { validate } from '../overlay/validate.ts'
import { lintEntry } from './fstab-lint.ts'
import { inspect } from './inspect.ts'

export const FSTAB = '/etc/fstab'

export interface FstabOptions extends LineWishes {
  /** The fstab it is for: its own mounts are waited for, too. Default `/etc/fstab`. */
  readonly file?: string
  /** A line of type `ovl`, which mount(8) leaves to mount.ovl: images, tmpfs, made directories, any name. Default false. */
  readonly helper?: boolean
}

export interface WriteOptions extends FstabOptions {
  /** The comment line is written above the entry. */
  readonly withComment?: boolean
  /** Say what would be done, and do nothing. */
  readonly dryRun?: boolean
  /** Ends the waiting for another ovl that writes the same file. */
  readonly signal?: AbortSignal | undefined
}

/** What became of the file. */
export interface FstabChange {
  readonly file: string
  readonly did: Edited['did']
  /** Line numbers: of what was replaced or removed, or of the new line. */
  readonly lines: readonly number[]
  /** Unified diff, empty when nothing changed. */
  readonly diff: string
  /** Where the old file is kept; absent when there was none, or nothing was written. */
  readonly backup?: string
}

/**
 * The fstab line of an overlay, with the words that make boot wait for its layers. Looks at the mount
 * table and at the fstab; changes nothing.
 * @param said a builder or a spec, with a target; relative paths are taken from the working directory
 * @throws OvlError `way-cannot-say` when libmount or systemd would read something else than was said, or it needs the mount helper
 */
export function formatFstab(said: OverlaySpec | OverlayBuilder, { file = FSTAB, helper = false, ...wishes }: FstabOptions = {}): FstabLineText {
  const spec = specOf(said)
  const warnings = refuseFaults(validate(spec))
  const text = (helper ? formatHelperLine : formatLine)(spec, collectBootFacts(spec, file), wishes)
  return { ...text, findings: [...warnings, ...text.findings, ...(helper ? findForHelper(spec) : findMissing(spec))] }
}

/** What is missing for the helper, which makes what ovl mount makes, and the helper itself. */
export function findForHelper({ upper, work, target, ...spec }: OverlaySpec): Finding[] {
  const wanted = { ...spec, ...(spec.mkdir ? {} : given({ upper, target })), ...(spec.mkdir || spec.workDerived === true ? {} : given({ work })) }
  return [...findMissing(wanted), ...findHelper()]
}

/** mount(8) looks for helpers in the directories it was built with, never on the PATH. */
function findHelper(): Finding[] {
  if (HELPER_DIRECTORIES.some((directory) => statName(`${directory}/mount.ovl`) !== 'ENOENT')) return []
  const title = 'mount(8) does not find mount.ovl in /sbin: it would say that the type ovl is unknown'
  const command = 'ln -s "$(command -v mount.ovl)" "$(command -v umount.ovl)" /sbin/'
  return [finding('tool-missing', { title, severity: 'warning', confidence: 'certain', evidence: [{ fact: "stat('/sbin/mount.ovl'): ENOENT", source: 'stat' }], fix: [{ text: 'Link both helpers there, once.', command }] })]
}

const HELPER_DIRECTORIES = ['/sbin', '/sbin/fs.d', '/sbin/fs']

function given<T extends Readonly<Record<string, string | undefined>>>(fields: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: string }
}

/** mount(8) makes none of them at boot, not even a work directory that was not said. */
export function findMissing({ lower, data, upper, work, target }: OverlaySpec): Finding[] {
  const said: readonly (readonly ['lower-missing' | 'upper-missing' | 'work-missing' | 'target-missing', string | undefined])[] = [
    ...[...lower, ...data].map(({ path }) => ['lower-missing', path] as const), ['upper-missing', upper], ['work-missing', work], ['target-missing', target],
  ]
  return said.flatMap(([code, path]) => {
    if (path === undefined || statName(absoluteHere(path)) !== 'ENOENT') return []
    const title = `'${path}' does not exist now, and must be there at boot`
    return [finding(code, { title, severity: 'warning', confidence: 'certain', evidence: [{ fact: title, source: 'stat' }], fix: [{ text: 'Make it, unless a mount brings it.', command: `mkdir -p ${quoteShell(absoluteHere(path))}` }] })]
  })
}

/** What formatters ask about layers: their mounts, and which are images. */
export function collectBootFacts(spec: OverlaySpec, file: string = FSTAB): FstabFacts {
  const cwd = cwdFor([...spec.lower.map(({ path }) => path), ...spec.data.map(({ path }) => path), spec.upper, spec.work, spec.target])
  const absolute = (path: string): string => absolutePath(path, cwd)
  const lowers = [...spec.lower, ...spec.data].map(({ path }) => absolute(path))
  const layers = [...lowers, ...[spec.upper, spec.work].filter((path) => path !== undefined).map(absolute)]
  const images = lowers.filter((path) => {
    const found = statName(path)
    return typeof found === 'object' && found.kind === 'file' && readImageType(path) !== undefined
  })
  return { cwd, images, mounts: collectLayerMounts(layers, spec.target === undefined ? '' : absolute(spec.target), readFstab(file).parsed) }
}

/** The spec that would bring a live overlay back. */
export async function specOfTarget(target: string): Promise<OverlaySpec & { readonly target: string }> {
  const mount = await inspect(target)
  // What the kernel switched on by itself it will switch on again.
  const asked = new Set(mount.inForce.filter(({ origin }) => origin === 'mount').map(({ name }): string => name))
  const options = Object.fromEntries(Object.entries(mount.options).filter(([key]) => asked.has(key) || !isOptionName(key)))
  return specOfMount({ ...mount, options }, receiptOfMount(mount, readReceiptsAt(mount.target)))
}

/**
 * Adds the line of an overlay to an fstab, or puts it in the place of the one its target has. The file
 * is replaced whole, with a backup beside it; other runs of ovl are waited for, and what other programs write meanwhile is kept.
 * @throws OvlError as {@link formatFstab} does; `option-conflict` when the target has a line that is no overlay, or several; what lintFstab calls an error; `interrupted`
 */
export async function writeFstab(said: OverlaySpec | OverlayBuilder, { withComment = false, dryRun = false, signal, ...options }: WriteOptions = {}): Promise<FstabLineText & FstabChange> {
  const file = options.file ?? FSTAB
  const text = formatFstab(said, options)
  const target = absoluteHere(specOf(said).target ?? '')
  const comment = `${COMMENT_MARK}${text.comment.replace(/^# /, '')}`
  const { lint, ...change } = await edit(file, { dryRun, signal }, (parsed) => {
    const edited = replaceEntry(parsed, { target, line: text.line, ...(withComment ? { comment } : {}) })
    return { ...edited, lint: refuseFaults(lintEntry(file, parseFstab(edited.text), target)) }
  })
  const more = lint.filter(({ code, severity }) => severity === 'warning' && !text.findings.some((told) => told.code === code))
  return { ...text, ...change, findings: [...text.findings, ...more] }
}

/**
 * Takes the overlay line of a target out of an fstab.
 * @throws OvlError `target-missing` when it has none; as {@link writeFstab} does of the file
 */
export async function removeFstab(target: string, { file = FSTAB, ...how }: Pick<WriteOptions, 'file' | 'dryRun' | 'signal'> = {}): Promise<FstabChange> {
  const { lint: _, ...change } = await edit(file, how, (parsed) => ({ ...removeEntry(parsed, absoluteHere(target), file), lint: [] }))
  return change
}

interface Judged extends Edited {
  readonly lint: readonly Finding[]
}

/** `change` is asked again when the file was changed by another program while it was written. */
async function edit(file: string, { dryRun = false, signal }: Pick<WriteOptions, 'dryRun' | 'signal'>, change: (parsed: FstabFile) => Judged): Promise<FstabChange & Pick<Judged, 'lint'>> {
  const planned = (text: string, parsed: FstabFile): { readonly content: Buffer | undefined; readonly result: FstabChange & Pick<Judged, 'lint'> } => {
    const { text: after, did, lines, lint } = change(parsed)
    return { content: after === text ? undefined : encodeName(after), result: { file, did, lines, diff: formatDiff(text, after, file), lint } }
  }
  // A first look: what is refused, or needs no change, waits for nobody.
  const now = readFstab(file)
  const first = planned(now.text, now.parsed)
  if (dryRun || first.content === undefined) return first.result
  const { result, replaced } = await editFile(file, (bytes) => {
    const text = bytes === undefined ? '' : decodeName(bytes)
    return planned(text, parseFstab(text))
  }, { signal })
  return { ...result, ...(replaced?.backup === undefined ? {} : { backup: replaced.backup }) }
}

function readFstab(file: string): { readonly text: string; readonly parsed: FstabFile } {
  refuseDangling(file)
  const found = statName(file)
  if (found === 'ENOENT') return { text: '', parsed: { lines: [] } }
  if (typeof found === 'object' && found.kind !== 'file') throw new OvlError('usage', `'${file}' is no file but a ${found.kind}`, { hint: 'Name an fstab.' })
  const text = decodeName(readRegular(file))
  return { text, parsed: parseFstab(text) }
}
