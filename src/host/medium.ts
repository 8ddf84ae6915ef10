/**
 * Reads a live medium into data (src/live/medium.ts): an ISO image or drive, a directory that one was mounted or unpacked
 * into, or single images. Nothing is mounted, so it needs no root; nothing is changed.
 */

import { constants, fstatSync, openSync } from 'node:fs'
import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { LARGEST_TEXT, isConfiguration, isNamedLikeImage } from '../live/medium.ts'
import type { Extent, Medium, MediumFile } from '../live/medium.ts'
import { decodeName } from '../names/bytes.ts'
import { absoluteHere } from './cwd.ts'
import { holdDirectory, listBelow, openBelow, readBelow, statBelow } from './beneath.ts'
import type { HeldDirectory } from './held-directory.ts'
import { OwnedFd } from './fd.ts'
import { statName } from './files.ts'
import type { NameStat } from './files.ts'
import { examineImage, readImageType } from './image.ts'
import { readInitrd } from './initrd.ts'
import { readIso } from './iso9660.ts'
import type { ReadBytes } from './iso9660.ts'
import { PROMPT, readPiece, requireRegular } from './regular-file.ts'
import { checkFs, nameBuffer } from './syscalls/check.ts'

export interface ReadMediumOptions {
  readonly signal?: AbortSignal
}

/**
 * What lies on the medium.
 * @param sources one ISO image, block device or directory; or images of file systems
 * @throws OvlError live-not-found (nothing there), image-unreadable, usage (several that do not go together), interrupted
 */
export async function readMedium(sources: string | readonly string[], options: ReadMediumOptions = {}): Promise<Medium> {
  const paths = (typeof sources === 'string' ? [sources] : sources).map((path) => absoluteHere(path))
  const [source] = paths
  if (source === undefined) throw new OvlError('usage', 'no medium was said')
  const stats = paths.map(statOf)
  if (paths.length === 1 && stats[0]?.kind === 'directory') return readTree(source, options.signal)
  const whole = paths.find((_, at) => stats[at]?.kind === 'directory')
  if (whole !== undefined) throw new OvlError('usage', `'${whole}' is a directory: a medium is said alone, only images may be several`)
  const types = paths.map((path) => readImageType(path))
  const strange = types.indexOf(undefined)
  if (strange >= 0) throw notAnImage(paths[strange] as string, stats[strange] as NameStat)
  if (types.includes('iso9660')) {
    if (paths.length > 1) throw new OvlError('usage', `'${paths[types.indexOf('iso9660')] as string}' is a whole medium: it is said alone, only images may be several`)
    return readIsoMedium(source, stats[0] as NameStat, options.signal)
  }
  const files = paths.map((path, at) => withImage({ path, size: Number(stats[at]?.size ?? 0), kind: 'file' }, () => openImage(path)))
  return { source, kind: 'images', files, texts: {} }
}

const openImage = (path: string): OwnedFd => new OwnedFd(openSync(nameBuffer(path), constants.O_RDONLY | PROMPT))

const SAY_A_MEDIUM = 'Name an ISO image, a drive, the top directory of a medium, or squashfs images.'

function statOf(path: string): NameStat {
  const stat = statName(path)
  if (typeof stat !== 'string') return stat
  const reason = stat === 'ENOENT' ? 'is not there' : `cannot be looked at (${stat})`
  throw new OvlError('live-not-found', `'${path}' ${reason}`, { errno: stat, syscall: 'stat', hint: SAY_A_MEDIUM })
}

function notAnImage(path: string, { kind, size }: NameStat): OvlError {
  if (kind !== 'file' && kind !== 'block') return new OvlError('image-unreadable', `'${path}' is ${kind === 'char' ? 'a character device' : `a ${kind}`}, not a medium`, { hint: SAY_A_MEDIUM })
  const what = kind === 'file' && size === 0n ? 'is empty' : 'is neither an ISO nor another image of a known file system'
  return new OvlError('image-unreadable', `'${path}' ${what}`, { hint: 'If it is compressed, unpack it first; if it is a disk with partitions, mount the one that holds the medium, and name that directory.' })
}

/** Looks at the beginning of what is named like an image. */
function withImage(file: MediumFile, open: () => OwnedFd, isPart = false): MediumFile {
  if (file.kind !== 'file' || (isPart && file.extents === undefined)) return file
  try {
    using opened = open()
    const { type, cutShort } = examineImage(opened, file.extents)
    return { ...file, image: type ?? 'unknown', ...(cutShort ? { cutShort: true } : {}) }
  } catch {
    // It cannot be read, which is not the same as holding nothing.
    return file
  }
}

/** To be called for each step of a long look: lets a signal come through. */
type Pause = () => Promise<void>

function pauseOf(source: string, signal: AbortSignal | undefined): Pause {
  let steps = 0
  return async () => {
    if (++steps % 64 === 0) await new Promise(setImmediate)
    if (signal?.aborted === true) throw new OvlError('interrupted', `reading '${source}' was interrupted`, { cause: signal.reason })
  }
}

async function readIsoMedium(source: string, { kind, size }: NameStat, signal?: AbortSignal): Promise<Medium> {
  using opened = new OwnedFd(checkFs(`cannot read '${source}'`, () => openSync(nameBuffer(source), constants.O_RDONLY | PROMPT)))
  const read: ReadBytes = (at, length) => checkFs(`cannot read '${source}'`, () => readPiece(opened, at, length))
  // A drive says nothing of its size here: what cannot be read will show.
  const end = kind === 'file' ? Number(fstatSync(opened.fd, { bigint: true }).size) : Number.MAX_SAFE_INTEGER
  const { volumeId, files: found, ...rest } = await readIso(source, read, kind === 'file' ? end : Number(size) || end, signal)
  const pause = pauseOf(source, signal)
  const again = (): OwnedFd => new OwnedFd(openSync(`/proc/self/fd/${opened.fd}`, constants.O_RDONLY | PROMPT))
  const files: MediumFile[] = []
  let looks = 0
  for (const file of found) {
    await pause()
    files.push(isNamedLikeImage(file.path) && ++looks <= MOST_IMAGES ? withImage(file, again, true) : file)
  }
  const medium: Medium = { source, kind: 'iso', volumeId, files, texts: textsOf(files, ({ extents = [] }) => Buffer.concat(extents.map(({ offset, length }) => read(offset, length)))), ...rest }
  const initrd = initrdOf(files)
  return initrd === undefined || initrd.cutShort === true ? medium : await withInitrd(medium, initrd, (at, length) => readParts(read, initrd.extents ?? [], at, length), signal)
}

/** More images than any medium has: what the others are is left open. */
const MOST_IMAGES = 2000

/** More than any medium has: what is larger is the root of a system, and is not walked to its end. */
const MOST_ENTRIES = 50_000
const DEEPEST = 12

/** All of it is read below the directory held: a symlink of the medium leads to what lies on the medium, as it does once that is booted. */
async function readTree(source: string, signal?: AbortSignal): Promise<Medium> {
  using held = holdDirectory(source)
  const pause = pauseOf(source, signal)
  const files: MediumFile[] = []
  const device = (statBelow(held, '') as NameStat).dev
  let level = ['']
  let incomplete = false
  for (let depth = 0; level.length > 0 && depth < DEEPEST; depth++) {
    const below: string[] = []
    for (const directory of level) {
      incomplete ||= files.length > MOST_ENTRIES
      if (incomplete) break
      for (const path of list(held, directory)) {
        await pause()
        const stat = statBelow(held, path)
        if (typeof stat === 'string') continue
        files.push(describe(held, path, stat))
        // A directory that is a layer is one thing; what is mounted inside is no part of the medium.
        if (stat.kind === 'directory' && stat.dev === device && !path.endsWith('.dir')) below.push(path)
      }
    }
    level = below
  }
  const medium: Medium = { source, kind: 'directory', files, texts: textsOf(files, ({ path }) => readBelow(held, path, { limit: LARGEST_TEXT })), ...(incomplete ? { incomplete } : {}) }
  const initrd = initrdOf(files)
  if (initrd === undefined) return medium
  using file = openFileBelow(held, initrd.path)
  return await withInitrd(medium, initrd, (at, length) => readPiece(file, at, length), signal)
}

function openFileBelow(held: HeldDirectory, path: string): OwnedFd {
  return requireRegular(openBelow(held, path, constants.O_RDONLY, { links: 'inside' }), `${held.path}${path}`)
}

/** Where casper has several images, its initrd may say which is the topmost. */
function initrdOf(files: readonly MediumFile[]): MediumFile | undefined {
  if (files.filter(({ path }) => /^\/casper\/[^/]+\.squashfs$/.test(path)).length < 2) return undefined
  return files.filter(({ path, kind }) => kind === 'file' && /^\/casper\/[^/]*initrd[^/]*$/.test(path)).toSorted((a, b) => a.path.length - b.path.length)[0]
}

const LAYER_FILE = 'conf/conf.d/default-layer.conf'

async function withInitrd(medium: Medium, { path, size }: MediumFile, read: ReadBytes, signal: AbortSignal | undefined): Promise<Medium> {
  try {
    const found = await readInitrd(read, size, [LAYER_FILE], signal)
    return { ...medium, texts: { ...medium.texts, ...Object.fromEntries(Object.entries(found).map(([name, text]) => [`${path}/${name}`, text])) } }
  } catch (error) {
    if (isOvlError(error) && error.code === 'interrupted') throw error
    return { ...medium, unread: `'${path}' could not be read: ${(error as Error).message}` }
  }
}

function readParts(read: ReadBytes, parts: readonly Extent[], from: number, length: number): Buffer {
  const pieces: Buffer[] = []
  let begin = 0
  for (const { offset, length: size } of parts) {
    const [first, end] = [Math.max(from, begin), Math.min(from + length, begin + size)]
    if (first < end) pieces.push(read(offset + first - begin, end - first))
    begin += size
  }
  return Buffer.concat(pieces)
}

/** Only the top directory must be readable. */
function list(held: HeldDirectory, directory: string): readonly string[] {
  try {
    return listBelow(held, directory, 'none', MOST_ENTRIES).map((name) => `${directory}/${name}`)
  } catch (error) {
    if (directory === '') throw error
    return []
  }
}

/** A link to a file counts as that file, as it does for the scripts of a live system. */
function describe(held: HeldDirectory, path: string, stat: NameStat): MediumFile {
  const target = stat.kind === 'symlink' ? statBelow(held, path, 'inside') : stat
  if (typeof target === 'string' || (target.kind !== 'file' && target.kind !== 'directory') || (target.kind === 'directory' && stat.kind === 'symlink')) return { path, size: 0, kind: 'symlink' }
  if (target.kind === 'directory') return { path, size: 0, kind: 'directory' }
  const file: MediumFile = { path, size: Number(target.size), kind: 'file' }
  return isNamedLikeImage(path) ? withImage(file, () => openFileBelow(held, path)) : file
}

/** More than all menus of a medium together have. */
const MOST_TEXT = 2 * 1024 * 1024

/** The texts that the rules read; one that cannot be read is empty. */
function textsOf(files: readonly MediumFile[], read: (file: MediumFile) => Buffer): Readonly<Record<string, string>> {
  let sum = 0
  const wanted = files.filter((file) => isConfiguration(file) && (sum += file.size) <= MOST_TEXT)
  return Object.fromEntries(wanted.map((file) => {
    try {
      return [file.path, decodeName(read(file))]
    } catch {
      return [file.path, '']
    }
  }))
}
