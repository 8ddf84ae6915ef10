/**
 * What containerd calls its snapshots and containers, from its two metadata files, without asking the daemon. Buckets as in
 * containerd's core/snapshots/storage/bolt.go and core/metadata/buckets.go.
 */

import { openBolt } from './bolt.mjs'

/**
 * @param {Buffer} file io.containerd.snapshotter.v1.overlayfs/metadata.db
 * @returns {{ id: string, namespace: string, name: string }[]} `id` is N of snapshots/N; `name` the chain id of an image's
 *   layer, or the key of a container's own snapshot
 */
export function parseSnapshotNames(file) {
  const snapshots = openBolt(file).bucket('v1').bucket('snapshots')
  return snapshots.keys().map((key) => {
    // The key of the daemon's own name space: namespace/sequence/name.
    const [, namespace, name] = /^([^/]+)\/\d+\/(.*)$/s.exec(key)
    return { id: String(uvarint(snapshots.bucket(key).value('id'))), namespace, name }
  })
}

/**
 * @param {Buffer} file io.containerd.metadata.v1.bolt/meta.db
 * @returns {{ namespace: string, id: string, image: string, snapshotKey: string }[]}
 */
export function parseContainers(file) {
  const version = openBolt(file).bucket('v1')
  return version.keys().flatMap((namespace) => {
    const containers = version.bucket(namespace).bucket('containers')
    return containers.keys().map((id) => {
      const text = (key) => containers.bucket(id).value(key)?.toString() ?? ''
      return { namespace, id, image: text('image'), snapshotKey: text('snapshotKey') }
    })
  })
}

/** Go's encoding/binary Uvarint: seven bits a byte, lowest first. */
function uvarint(bytes) {
  return bytes.reduceRight((value, byte) => (value << 7n) | BigInt(byte & 0x7f), 0n)
}
