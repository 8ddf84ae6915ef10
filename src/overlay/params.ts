/**
 * One parameter list: what the kernel must be told, unescaped and in the order it wants.
 * fsconfig, mount(2), mount(8) and fstab are encoders over this list (encode*.ts).
 */

import type { OverlaySpec } from './spec.ts'

/** A layer (its path is resolved by the kernel) or an option (key and value, or a bare flag). */
export type OverlayParam =
  | { readonly kind: 'layer'; readonly role: LayerRole; readonly path: string; readonly index: number }
  | { readonly kind: 'option'; readonly key: string; readonly value?: string }

export type LayerRole = 'lower' | 'data' | 'upper' | 'work'

/** Spec → parameters: lowers from the top, data layers, upper, work, then options in table order. */
export function paramsOf(spec: OverlaySpec): OverlayParam[] {
  const layers: OverlayParam[] = []
  const push = (role: LayerRole, path: string): void => {
    layers.push({ kind: 'layer', role, path, index: layers.length })
  }
  for (const { path } of spec.lower) push('lower', path)
  for (const { path } of spec.data) push('data', path)
  if (spec.upper !== undefined) push('upper', spec.upper)
  if (spec.work !== undefined) push('work', spec.work)
  return [...layers, ...optionParams(spec)]
}

function optionParams(spec: OverlaySpec): OverlayParam[] {
  const options: OverlayParam[] = Object.entries(spec.options).map(([key, value]) => (value === true ? { kind: 'option', key } : { kind: 'option', key, value }))
  const unknown: OverlayParam[] = spec.unknown.map(({ key, value }) => (value === undefined ? { kind: 'option', key } : { kind: 'option', key, value }))
  const label: OverlayParam[] = spec.label === undefined ? [] : [{ kind: 'option', key: 'context', value: spec.label }]
  return [...options, ...unknown, ...label]
}
