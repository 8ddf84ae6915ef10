/**
 * What an index remembers, carried over to the directories that stand in for upper and work: which lower
 * upper belongs to, and whether work belongs to this upper. With it the kernel refuses a trial as it would
 * refuse the real mount, in the same words. Other state (a volatile mark, junk in the index) is seen in facts.
 */

import { mkdirSync } from 'node:fs'
import { escapeLowerForData } from '../../overlay/escape.ts'
import type { OverlaySpec } from '../../overlay/spec.ts'
import { statName } from '../files.ts'
import { nameBuffer } from '../syscalls/check.ts'
import { mountLegacy, unmount } from '../syscalls/mount-legacy.ts'
import { getXattr, setXattr } from '../syscalls/xattr.ts'

export interface Pair {
  readonly upper: string
  readonly work: string
}

/** Copies it as far as it can be read; returns what could not be carried over. */
export function carryState(real: Pair, stand: Pair, { options }: OverlaySpec, ground: string): string[] {
  const prefix = options.userxattr === undefined ? 'trusted.overlay.' : 'user.overlay.'
  const left: string[] = []
  const attempt = (what: string, carry: () => void): void => {
    try {
      carry()
    } catch (error) {
      left.push(`${what} was not tried: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  if (typeof statName(real.upper) === 'object') {
    attempt('what the index remembers of upper', () => {
      const origin = getXattr(real.upper, `${prefix}origin`)
      if (origin !== undefined) setXattr(stand.upper, `${prefix}origin`, origin)
    })
  }
  const index = `${real.work}/index`
  if (typeof statName(index) === 'object') {
    attempt('whose index lies in work', () => {
      const owner = getXattr(index, `${prefix}upper`)
      if (owner === undefined || isSameHandle(owner, handleOf(real.upper, ground))) return
      mkdirSync(nameBuffer(`${stand.work}/index`))
      setXattr(`${stand.work}/index`, `${prefix}upper`, owner)
    })
  }
  return left
}

/** The fourth byte holds flags, and one of them says that it is an upper. */
function isSameHandle(a: Buffer, b: Buffer | undefined): boolean {
  return b === undefined || (a.length === b.length && a.every((byte, at) => at === 3 || byte === b[at]))
}

/**
 * The kernel’s own handle of a directory: mounted as the lower of an overlay with an index, it is written
 * down as the origin of that overlay’s upper. Nothing is written into the directory.
 */
function handleOf(directory: string, ground: string): Buffer | undefined {
  for (const name of ['handle', 'handle/u', 'handle/w', 'handle/m']) mkdirSync(`${ground}/${name}`)
  mountLegacy('ovl-trial', `${ground}/handle/m`, 'overlay', 0, `lowerdir=${escapeLowerForData(directory)},upperdir=${ground}/handle/u,workdir=${ground}/handle/w,index=on`)
  try {
    return getXattr(`${ground}/handle/u`, 'trusted.overlay.origin')
  } finally {
    unmount(`${ground}/handle/m`, { lazy: true })
  }
}
