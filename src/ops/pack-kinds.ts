/** What each kind of output is made of, and by which programs. Everything is written to a place beside the output. */

import { constants } from 'node:fs'
import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { finding } from '../errors/make-finding.ts'
import type { Finding } from '../errors/finding.ts'
import { holdDirectory, openBelow, readBelow, statBelow } from '../host/beneath.ts'
import { readMedium } from '../host/medium.ts'
import { hashFile, isoCommand, needXorriso, readMediumFile, writeIso } from '../host/pack-iso.ts'
import type { IsoEdit } from '../host/pack-iso.ts'
import type { Beside } from '../host/pack-output.ts'
import { canLeaveOutXattrs, packingAt, runOnTree, treeCommand } from '../host/pack-tree.ts'
import type { PackWatch } from '../host/pack-tree.ts'
import type { RunResult } from '../host/exec.ts'
import { requireRegular } from '../host/regular-file.ts'
import { withUpper } from '../host/upper-tree.ts'
import { planLive } from '../live/live-plan.ts'
import { findFile } from '../live/medium.ts'
import type { Medium } from '../live/medium.ts'
import type { MediumEdit } from '../live/pack.ts'
import { SUM_FILES, formatManifest, renameLayerPaths, renewSums } from '../live/pack-texts.ts'
import { decodeName, encodeName } from '../names/bytes.ts'
import { baseName } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import { bootOf } from './pack-boot.ts'
import type { LiveMount } from './live.ts'
import type { LivePackOptions, PackKind } from './live-pack.ts'

export interface PackJob {
  readonly live: LiveMount
  readonly out: string
  readonly kind: PackKind
  readonly layer: boolean
  /** Mount points inside the tree that are no part of it, topmost first. */
  readonly foreign: readonly string[]
  readonly medium?: Medium
  readonly edit?: MediumEdit
  /** Paths in the tree of what is put in place of files of the medium, by their path there. */
  readonly kernels?: ReadonlyMap<string, string>
}

type Pack = (job: PackJob, beside: Beside, options: LivePackOptions) => Promise<readonly Finding[]>

export const packImage: Pack = (job, { path }, options) => squash(job, path, baseName(job.out), options)

export const packTar: Pack = async ({ live, out, foreign }, { path }, { signal }) => {
  await runOnTree(foreign, 'tar', tarWords(live.target, path, out), { signal })
  return []
}

export const packMedium: Pack = async (job, beside, options) => {
  const { medium, edit, live, kernels = new Map<string, string>() } = job
  if (medium === undefined || edit === undefined) throw new OvlError('internal', 'a medium is packed without its plan')
  await needXorriso()
  const image = beside.part('image')
  const warnings = await squash(job, image, baseName(edit.image), options)
  const put = new Map([[edit.image, image]])
  for (const [at, path] of kernels) {
    using tree = holdDirectory(live.target)
    using file = requireRegular(openBelow(tree, path, constants.O_RDONLY), `${live.target}${path}`)
    put.set(at, await beside.copy(String(put.size), file, options.signal))
  }
  const add = (at: string, content: string | Buffer): void => {
    put.set(at, beside.add(String(put.size), typeof content === 'string' ? encodeName(content) : content))
  }
  for (const [at, text] of Object.entries(edit.texts)) add(at, text)
  await addCounts(job, edit, add, options)
  await addSums(medium, edit, put, add, options.signal)
  const without = await writeKept(medium, { put, removed: edit.removed }, beside, watchOf(baseName(job.out), options))
  await verify(beside.path, job, edit)
  return [...warnings, ...without]
}

/** xorriso 1.5.4 cannot place again the partition for old Macs that grub-mkrescue makes: its file system, HFS+, is then left out. */
async function writeKept(medium: Medium, edit: IsoEdit, { path, empty }: Beside, watch: PackWatch): Promise<readonly Finding[]> {
  const boot = bootOf(medium)
  try {
    await writeIso(isoCommand(medium, edit, path, boot), watch)
    return []
  } catch (error) {
    if (!isOvlError(error) || !/GPT partitions .* overlap/.test(error.message)) throw error
    empty()
    await writeIso(isoCommand(medium, edit, path, [...boot, '-hfsplus', 'off']), watch)
    return [finding('pack-incomplete', { title: 'the partition with HFS+, from which older Macs start, is not in the new medium', explanation: 'xorriso cannot place it again beside an image of another size. All other boot records are as they were: PCs with BIOS or UEFI start from it, from a disc and from a stick.' })]
  }
}

function watchOf(what: string, { signal, progress }: LivePackOptions): PackWatch {
  return { signal, progress: progress === undefined ? undefined : (percent) => progress(what, percent) }
}

async function squash(job: PackJob, to: string, what: string, options: LivePackOptions): Promise<readonly Finding[]> {
  const pack = async (tree: string): Promise<RunResult> => {
    const [command, ...words] = await squashWords(job, tree, to)
    return runOnTree(job.foreign, command as string, [...words, ...(options.progress === undefined ? ['-no-progress'] : [])], watchOf(what, options), ['-version'])
  }
  const { stdout, stderr } = await (job.layer ? withUpper(job.live, pack) : pack(job.live.target))
  const names = new Set([...`${stdout}\n${stderr}`.matchAll(/Unrecognised xattr prefix (\S+)/g)].map(([, name]) => name as string))
  return names.size === 0 ? [] : [finding('pack-incomplete', { title: `a squashfs cannot keep ${[...names].join(', ')}: ${[...names].some((name) => name.includes('posix_acl')) ? 'access control lists are' : 'it is'} not packed`, fix: [{ text: 'A tar keeps them: ovl live pack TARGET OUT.tar' }] })]
}

/** Marks of the overlay that mean nothing in a layer below. */
const ONLY_UPPER = '^trusted.overlay.(origin|impure|nlink|uuid|upper|protattr)$'

async function squashWords({ live, layer }: PackJob, tree: string, to: string): Promise<readonly string[]> {
  const packing = live.layers.toReversed().map(({ at }) => packingAt(at)).find((words) => words.length > 0) ?? []
  const without = layer && (await canLeaveOutXattrs()) ? ['-xattrs-exclude', ONLY_UPPER] : []
  return ['mksquashfs', tree, to, '-noappend', '-no-recovery', '-exit-on-error', ...packing, ...without]
}

const COMPRESSORS: readonly (readonly [ending: string, command: string])[] = [['.gz', 'gzip -n'], ['.zst', 'zstd -q -T0'], ['.xz', 'xz -T0']]

function tarWords(tree: string, to: string, out: string): readonly string[] {
  const compress = COMPRESSORS.find(([ending]) => out.toLowerCase().endsWith(ending))?.[1]
  return ['--create', '--force-local', '--file', to, ...(compress === undefined ? [] : ['--use-compress-program', compress]), '--directory', tree, '--format=posix', '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime', '--xattrs', '--acls', '--numeric-owner', '--sort=name', '.']
}

type Add = (at: string, content: string | Buffer) => void

/** What is counted of the whole tree, also where only a layer was added. */
async function addCounts({ live, medium, foreign }: PackJob, { sizes, manifests }: MediumEdit, add: Add, { signal }: LivePackOptions): Promise<void> {
  if (sizes.length > 0) {
    const { stdout } = await runOnTree(foreign, 'du', ['--summarize', '--block-size=1', live.target], { signal })
    for (const path of sizes) add(path, `${/^\d+/.exec(stdout)?.[0] ?? '0'}\n`)
  }
  const text = manifests.length === 0 ? undefined : readStatus(live.target)
  if (text === undefined) return
  for (const path of manifests) add(path, formatManifest(text, decodeName((medium === undefined ? undefined : readMediumFile(medium, path)) ?? Buffer.alloc(0))))
}

/** The package list of dpkg, wherever the tree has it: a symlink of the tree leads to a place in the tree. */
function readStatus(target: string): string | undefined {
  using tree = holdDirectory(target)
  const found = statBelow(tree, STATUS, 'inside')
  return typeof found === 'object' && found.kind === 'file' ? decodeName(readBelow(tree, STATUS, { limit: LARGEST_STATUS })) : undefined
}

const STATUS = 'var/lib/dpkg/status'
/** Some ten times what a desktop has. */
const LARGEST_STATUS = 64 * 1024 * 1024

async function addSums(medium: Medium, { removed }: MediumEdit, put: ReadonlyMap<string, string>, add: Add, signal: AbortSignal | undefined): Promise<void> {
  const fresh = [...put]
  for (const [path, kind] of Object.entries(SUM_FILES)) {
    const text = findFile(medium, path) === undefined ? undefined : readMediumFile(medium, path)
    if (text === undefined) continue
    const sums = new Map<string, string>()
    for (const [at, file] of fresh) sums.set(at, await hashFile(file, kind, signal))
    add(path, renewSums(decodeName(text), sums, removed))
  }
}

/** What was written is read as its live system would read it. */
async function verify(path: string, { live }: PackJob, { chain, cmdline, image }: MediumEdit): Promise<void> {
  const medium = await readMedium(path)
  const lines = [cmdline, undefined, renameLayerPaths(live.cmdline, baseName(image), () => true)]
  const stacks = lines.map((line) => planLive(medium, line === undefined ? {} : { cmdline: line })).filter(({ findings }) => findings.every(({ severity }) => severity !== 'error')).map(({ layers }) => layers.map(({ name }) => name))
  if (stacks.some((names) => names.join('\n') === chain.join('\n'))) return
  throw new OvlError('internal', `the medium that was written does not stack what was packed, but ${stacks[0]?.join(', ') ?? 'nothing whole'}`)
}

/** The steps of a job in words, and the commands that do the same. */
export async function packCommands(job: PackJob): Promise<{ readonly steps: readonly string[]; readonly shell: readonly string[] }> {
  const { live, out, kind, medium, edit, foreign } = job
  const line = (words: readonly string[]): string => words.map((word) => (/^\$?[\w.,:=/+-]+$/.test(word) ? word : quoteShell(word))).join(' ')
  const onTree = ([command = '', ...words]: readonly string[]): string => line(foreign.length === 0 ? [command, ...words] : treeCommand(foreign, command, words))
  const tree = job.layer ? live.upper : live.target
  const what = job.layer ? `what changed in ${live.target}` : `all of ${live.target}`
  if (kind === 'tar') return { steps: [`archive ${what} in ${out}`], shell: [onTree(['tar', ...tarWords(live.target, out, out)])] }
  if (medium === undefined || edit === undefined || kind === 'squashfs') return { steps: [`pack ${what} into ${out}`], shell: [onTree(await squashWords(job, tree, out))] }
  const changed: IsoEdit = { put: new Map([[edit.image, './image'], ...[...(job.kernels ?? [])].map(([path, file]) => [path, `${live.target}${file}`] as const), ...[...Object.keys(edit.texts), ...edit.sizes, ...edit.manifests, ...sumsOf(medium)].map((path) => [path, `./${baseName(path)}`] as const)]), removed: edit.removed }
  const steps = [
    `pack ${what} into an image`,
    ...[...changed.put.keys()].slice(1).map((path) => `${Object.hasOwn(edit.texts, path) ? 'change' : 'renew'} ${path}`),
    `write ${out}: ${medium.source} with ${edit.image}${edit.removed.length === 0 ? '' : `, without ${edit.removed.join(', ')}`}`,
  ]
  return { steps, shell: [onTree(await squashWords(job, tree, './image')), line(isoCommand(medium, changed, out, bootOf(medium)))] }
}

const sumsOf = (medium: Medium): readonly string[] => Object.keys(SUM_FILES).filter((path) => findFile(medium, path) !== undefined)
