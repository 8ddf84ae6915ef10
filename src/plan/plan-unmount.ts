/** (target, what is mounted, receipts) → the steps that take a mount down, deepest first. */

import { pathPrefixes } from '../names/path.ts'
import { receiptPath } from './plan-mount.ts'
import type { Plan, Receipt, Step } from './step.ts'

export interface UnmountRequest {
  /** Mount point of the overlay; undefined when only its remains are to be cleared. */
  readonly target?: string
  /** Mount points below the target, deepest first; taken down too. */
  readonly below: readonly string[]
  readonly lazy: boolean
  readonly receipt?: Receipt
  /** Which of the receipt’s parts are still mounted. */
  readonly mountedParts: ReadonlySet<string>
}

/** Plans taking one overlay down together with all that `mount` put up for it. */
export function planUnmount({ target, below, lazy, receipt, mountedParts }: UnmountRequest): Plan {
  const unmount = (path: string): Extract<Step, { do: 'unmount' }> => ({ do: 'unmount', path, lazy })
  const putBack = !lazy && receipt?.inside !== undefined ? { putBack: true as const } : {}
  const overlay = target === undefined ? [] : [...below.map((path) => ({ ...unmount(path), ...putBack })), unmount(target)]
  if (receipt === undefined) return { steps: overlay }
  const parts = [...receipt.parts].reverse()
  return {
    steps: [
      ...overlay,
      ...parts.filter(({ at }) => mountedParts.has(at)).map(({ at }) => unmount(at)),
      ...parts.map(({ at }) => removeDir(at)),
      ...(receipt.parts.length > 0 ? [removeDir(receipt.directory)] : []),
      ...[...receipt.madeDirs].sort((a, b) => pathPrefixes(b).length - pathPrefixes(a).length).map(removeDir),
      { do: 'remove-receipt', path: receiptPath(receipt.directory) },
    ],
  }
}

/** Only ever rmdir: what was once a mount point may hold somebody’s data. */
const removeDir = (path: string): Step => ({ do: 'remove-dir', path })
