/**
 * Removes the scratch directory that the probes left in the directory asked about. It was never a mount
 * point, and what lies in it is ours; yet nothing on another file system is entered.
 */

import { chmodSync } from 'node:fs'
import { lstatName, readDirectory, removeDirectory, removeFile } from '../files.ts'
import { nameBuffer } from '../syscalls/check.ts'

export function removeScratch(path: string): void {
  const found = lstatName(path)
  if (typeof found === 'object' && found.kind === 'directory') empty(path, found.dev)
}

function empty(directory: string, device: bigint): void {
  // What the kernel makes in work may be closed to its owner.
  chmodSync(nameBuffer(directory), 0o700)
  for (const name of readDirectory(directory)) {
    const path = `${directory}/${name}`
    const found = lstatName(path)
    if (typeof found !== 'object') continue
    if (found.kind !== 'directory') removeFile(path)
    else if (found.dev === device) empty(path, device)
  }
  removeDirectory(directory)
}
