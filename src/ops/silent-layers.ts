/**
 * Layers on a file system that does not answer: a network without its server, FUSE without its daemon. Whoever looks
 * at them waits as long, so they are touched by somebody else first; and not at all where no such file system is mounted.
 */

import { REMOTE } from '../diagnose/filesystems.ts'
import { notResponding } from '../diagnose/not-responding.ts'
import type { Finding } from '../errors/finding.ts'
import { absoluteHere } from '../host/cwd.ts'
import { readMounts } from '../host/facts/mounts.ts'
import { mountFactsOf, pathsOf } from '../host/facts/path.ts'
import { PATIENCE, answer } from '../host/touch.ts'
import type { OverlaySpec } from '../overlay/spec.ts'

/** A finding for each. @throws OvlError interrupted */
export async function findSilentLayers(spec: OverlaySpec, signal: AbortSignal | undefined): Promise<Finding[]> {
  const mounts = readMounts()
  if (!mounts.known || !mounts.value.mounts.some(({ fsType }) => REMOTE.test(fsType))) return []
  const paths = pathsOf(spec).map((said) => ({ ...said, absolute: absoluteHere(said.path) }))
  if (paths.length === 0 || (await answer(paths.map(({ absolute }) => absolute), { signal }))) return []
  const found = await Promise.all(paths.map(async (path) => ((await answer([path.absolute], { signal })) ? [] : [notResponding(mountFactsOf(path, mounts), `did not answer within ${PATIENCE} s`)])))
  return found.flat()
}
