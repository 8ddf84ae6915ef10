/** The words of `--via`: a way into the kernel, and after a colon how it shall name the layers. */

import { OvlError } from '../errors/ovl-error.ts'
import { VIAS } from './step.ts'
import type { Form, Via } from './step.ts'

/** The forms each way has, in the order they are tried. */
export const FORMS: Readonly<Record<Via, readonly Form[]>> = {
  auto: [],
  fsconfig: ['fd', 'lowerdir+', 'lowerdir'],
  mount2: ['absolute', 'relative', 'proc-fd'],
  mount8: ['argv'],
  fuse: ['argv'],
}

/** Every word that `--via` takes. */
export const VIA_WORDS: readonly string[] = VIAS.flatMap((via) => [via, ...(FORMS[via].length > 1 ? FORMS[via].map((form) => `${via}:${form}`) : [])])

/**
 * `mount2:relative` → way and forms.
 * @throws OvlError `usage` when there is no such way or form
 */
export function parseVia(text: string): { readonly via: Via; readonly forms?: readonly Form[] } {
  const [way = '', form] = text.split(/:(.*)/s)
  const via = VIAS.find((known) => known === way)
  if (via === undefined) throw new OvlError('usage', `there is no way '${way}' into the kernel`, { hint: `Say one of ${VIAS.join(', ')}.` })
  if (form === undefined) return { via }
  const known = FORMS[via].find((one) => one === form)
  if (known === undefined) throw new OvlError('usage', `${via} has no form '${form}'`, { hint: FORMS[via].length < 2 ? `Say --via ${via} alone.` : `It has ${FORMS[via].join(', ')}.` })
  return { via, forms: [known] }
}
