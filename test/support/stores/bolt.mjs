/**
 * Reads a Bolt file (containerd and BuildKit keep their metadata in one), as far as looking a key up goes. The format is
 * that of https://github.com/etcd-io/bbolt (internal/common/page.go, meta.go, bucket.go): little-endian on every machine
 * it is found on here, and written by copying pages, so that a file read in one call can be read while a daemon writes it.
 */

const MAGIC = 0xed0cdaed
const PAGE_HEADER = 16
const ELEMENT = 16
const BRANCH_PAGE = 0x01
const BUCKET_ELEMENT = 0x01

/**
 * @typedef {{ keys: () => string[], value: (key: string) => Buffer | undefined, bucket: (key: string) => Bucket }} Bucket
 * A bucket that is missing reads as an empty one.
 */

/** @param {Buffer} file @returns {Bucket} the bucket of buckets */
export function openBolt(file) {
  const pageSize = file.readUInt32LE(PAGE_HEADER + 8)
  // Two meta pages, written in turn: the newest that is whole counts.
  const [newest] = [0, pageSize].map((offset) => readMeta(file, offset)).filter(Boolean).sort((a, b) => (a.txid < b.txid ? 1 : -1))
  if (!newest) throw new Error('not a Bolt file')
  const pageAt = (number) => file.subarray(number * pageSize)
  return openBucket(pageAt(newest.root), pageAt)
}

function readMeta(file, offset) {
  const body = offset + PAGE_HEADER
  if (file.length < body + 64 || file.readUInt32LE(body) !== MAGIC) return undefined
  let sum = 0xcbf29ce484222325n // FNV-1a, 64 bits
  for (const byte of file.subarray(body, body + 56)) sum = BigInt.asUintN(64, (sum ^ BigInt(byte)) * 0x100000001b3n)
  if (sum !== file.readBigUInt64LE(body + 56)) return undefined
  return { root: Number(file.readBigUInt64LE(body + 16)), txid: file.readBigUInt64LE(body + 48) }
}

function openBucket(page, pageAt) {
  const elements = new Map(page ? elementsOf(page, pageAt) : [])
  return {
    keys: () => [...elements.keys()],
    value: (key) => (elements.get(key)?.isBucket === false ? elements.get(key).value : undefined),
    bucket(key) {
      const element = elements.get(key)
      if (!element?.isBucket) return openBucket(undefined, pageAt)
      const root = Number(element.value.readBigUInt64LE(0))
      // A small bucket has no page of its own: its page stands right behind its header.
      return openBucket(root === 0 ? element.value.subarray(16) : pageAt(root), pageAt)
    },
  }
}

function* elementsOf(page, pageAt) {
  const isBranch = (page.readUInt16LE(8) & BRANCH_PAGE) !== 0
  const count = page.readUInt16LE(10)
  for (let at = PAGE_HEADER; at < PAGE_HEADER + count * ELEMENT; at += ELEMENT) {
    if (isBranch) {
      yield* elementsOf(pageAt(Number(page.readBigUInt64LE(at + 8))), pageAt)
      continue
    }
    const start = at + page.readUInt32LE(at + 4)
    const middle = start + page.readUInt32LE(at + 8)
    const value = page.subarray(middle, middle + page.readUInt32LE(at + 12))
    yield [page.toString('utf8', start, middle), { isBucket: (page.readUInt32LE(at) & BUCKET_ELEMENT) !== 0, value }]
  }
}
