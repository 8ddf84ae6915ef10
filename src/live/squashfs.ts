/** How a squashfs was packed, by its superblock, in the words of mksquashfs, so that another is packed alike. */

/** Bytes of an image that {@link packingOf} looks at. */
export const SUPERBLOCK_LENGTH = 256

const OPTIONS_FLAG = 0x400

/** Compressors by their number in the superblock, and what is said of each behind it. */
const COMPRESSORS: Readonly<Record<number, { readonly name: string; readonly words: (options: Buffer) => readonly string[] }>> = {
  1: { name: 'gzip', words: (options) => ['-Xcompression-level', String(options.readUInt32LE(0))] },
  3: { name: 'lzo', words: () => [] },
  4: { name: 'xz', words: (options) => [...filters(options.readUInt32LE(4)), '-Xdict-size', String(options.readUInt32LE(0))] },
  5: { name: 'lz4', words: (options) => ((options.readUInt32LE(4) & 1) === 0 ? [] : ['-Xhc']) },
  6: { name: 'zstd', words: (options) => ['-Xcompression-level', String(options.readUInt32LE(0))] },
}

const FILTERS = ['x86', 'powerpc', 'ia64', 'arm', 'armthumb', 'sparc'] as const

function filters(bits: number): readonly string[] {
  const named = FILTERS.filter((_, at) => (bits & (1 << at)) !== 0)
  return named.length === 0 ? [] : ['-Xbcj', named.join(',')]
}

/** `-comp`, `-b` and what the compressor was told; nothing when it is no squashfs of a known kind. */
export function packingOf(superblock: Buffer): readonly string[] {
  const compressor = superblock.length < 98 || superblock.toString('latin1', 0, 4) !== 'hsqs' ? undefined : COMPRESSORS[superblock.readUInt16LE(20)]
  if (compressor === undefined) return []
  const block = superblock.readUInt32LE(12)
  // A block of metadata, not compressed itself: its length, then the options.
  const length = superblock.readUInt16LE(96) & 0x7fff
  const has = (superblock.readUInt16LE(24) & OPTIONS_FLAG) !== 0 && length >= 4 && 98 + length <= superblock.length
  const options = Buffer.concat([superblock.subarray(98, 98 + length), Buffer.alloc(8)])
  return ['-comp', compressor.name, '-b', String(block), ...(has ? compressor.words(options) : [])]
}
