/** ISO images written anew by xorriso: the old one with other files, its boot records kept; or a directory with boot records given to it. */

import { createHash } from 'node:crypto'
import { constants, createReadStream, openSync } from 'node:fs'
import { OvlError } from '../errors/ovl-error.ts'
import { findFile } from '../live/medium.ts'
import type { Medium } from '../live/medium.ts'
import { holdDirectory, openBelow, readBelow } from './beneath.ts'
import { OwnedFd } from './fd.ts'
import { run } from './exec.ts'
import { runGuarded } from './pack-tree.ts'
import type { PackWatch } from './pack-tree.ts'
import { LARGEST_FILE, PROMPT, openRegular, readPiece, requireRegular } from './regular-file.ts'
import { checkFs, nameBuffer } from './syscalls/check.ts'

export interface IsoEdit {
  /** Path in the ISO → file that is put there. */
  readonly put: ReadonlyMap<string, string>
  readonly removed: readonly string[]
}

/** The command that writes `to`. `boot` are the words for the boot records. */
export function isoCommand(medium: Medium, { put, removed }: IsoEdit, to: string, boot: readonly string[]): readonly string[] {
  const from = medium.kind === 'iso' ? ['-indev', medium.source, '-outdev', `stdio:${to}`] : ['-outdev', `stdio:${to}`, '-disk_pattern', 'off', '-map', medium.source, '/']
  return [
    'xorriso', '-no_rc', '-abort_on', 'FAILURE', '-return_with', 'FAILURE', '32', ...from, ...boot, '-iso_rr_pattern', 'off', '-disk_pattern', 'off',
    ...removed.flatMap((path) => ['-rm_r', path, '--']),
    ...[...put].flatMap(([path, file]) => ['-map', file, path]),
    ...[...put.keys()].flatMap((path) => ['-chown', '0', path, '--', '-chgrp', '0', path, '--', '-chmod', 'a=r', path, '--']),
    '-commit', '-end',
  ]
}

/** @throws OvlError tool-missing: to be asked before an hour of packing */
export async function needXorriso(): Promise<void> {
  await run('xorriso', ['-version'])
}

export async function writeIso(words: readonly string[], watch: PackWatch): Promise<void> {
  await runGuarded(words, 'xorriso', watch)
}

/** Words that keep volume id, boot records and the tree for Windows as they are in an ISO. */
export function keptBoot({ source }: Medium): readonly string[] {
  return ['-boot_image', 'any', 'replay', ...(hasJoliet(source) ? ['-joliet', 'on', '-compliance', 'joliet_long_names'] : [])]
}

/** True when a disk begins with the file: a partition table of either kind that has partitions. */
export function isHybrid(path: string): boolean {
  const first = readAt(path, 0, 1024)
  const isMbr = first.readUInt16LE(510) === 0xaa55 && [446, 462, 478, 494].some((at) => first[at + 4] !== 0)
  return isMbr || first.toString('latin1', 512, 520) === 'EFI PART'
}

function hasJoliet(path: string): boolean {
  for (let sector = 16; sector < 80; sector++) {
    const bytes = readAt(path, sector * 2048, 2048)
    if (bytes.toString('latin1', 1, 6) !== 'CD001' || bytes[0] === 255) return false
    if (bytes[0] === 2 && /^%\/[@CE]/.test(bytes.toString('latin1', 88, 91))) return true
  }
  return false
}

/** The first bytes of a file of the medium; zeros behind its end. */
export function readMediumHead(medium: Medium, path: string, length: number): Buffer {
  if (medium.kind === 'directory') {
    using held = holdDirectory(medium.source)
    using file = requireRegular(openBelow(held, path, constants.O_RDONLY, { links: 'inside' }), `${medium.source}${path}`)
    return checkFs(`cannot read '${medium.source}${path}'`, () => Buffer.concat([readPiece(file, 0, length)], length))
  }
  const [first] = findFile(medium, path)?.extents ?? []
  return first === undefined ? Buffer.alloc(0) : readAt(medium.source, first.offset, Math.min(length, first.length))
}

function readAt(path: string, at: number, length: number): Buffer {
  return checkFs(`cannot read '${path}'`, () => {
    using file = new OwnedFd(openSync(nameBuffer(path), constants.O_RDONLY | PROMPT))
    return Buffer.concat([readPiece(file, at, length)], length)
  })
}

/** The bytes of a small file of the medium; undefined when it has none of that name. */
export function readMediumFile(medium: Medium, path: string): Buffer | undefined {
  const file = findFile(medium, path)
  if (file === undefined || file.kind !== 'file') return undefined
  if (medium.kind === 'directory') {
    using held = holdDirectory(medium.source)
    return readBelow(held, path)
  }
  if (file.size > LARGEST_FILE) throw new OvlError('file-too-large', `'${path}' of '${medium.source}' holds more than ${LARGEST_FILE} bytes`, { hint: 'No such file is that large. Look at what it is.' })
  return Buffer.concat((file.extents ?? []).map(({ offset, length }) => readAt(medium.source, offset, length)))
}

/** Checksum of a file, in hexadecimal. */
export async function hashFile(path: string, kind: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash(kind)
  using file = openRegular(path)
  for await (const piece of createReadStream('', { fd: file.fd, autoClose: false, highWaterMark: 1024 * 1024 })) {
    if (signal?.aborted === true) throw new OvlError('interrupted', `reading '${path}' was interrupted`, { cause: signal.reason })
    hash.update(piece as Buffer)
  }
  return hash.digest('hex')
}
