/** A file descriptor with one owner, which closes it once. It does not know what the descriptor is of. */

import { closeSync } from 'node:fs'
import { OvlError } from '../errors/ovl-error.ts'

/** Closed by `close()` or at the end of a `using` block; closing again does nothing. */
export class OwnedFd {
  readonly #fd: number
  #open = true

  constructor(fd: number) {
    this.#fd = fd
  }

  /** The number; asking after `close()` is a bug, because the number may be another file by then. */
  get fd(): number {
    if (!this.#open) throw new OvlError('internal', `file descriptor ${this.#fd} was used after it was closed`)
    return this.#fd
  }

  /** Gives the number to another owner. */
  release(): number {
    const fd = this.fd
    this.#open = false
    return fd
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    closeSync(this.#fd)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
