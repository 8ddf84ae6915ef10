/** The stack of an overlay as a picture: topmost layer first, each covering the ones below it. */

import type { Inspection, LayerView } from '../../../mounts/inspection.ts'
import { escapeText, showName } from '../escape.ts'
import type { View } from '../view.ts'
import { cells, pad, shortenMiddle } from '../width.ts'
import { sizeOf, typeset } from './words.ts'

const BOXES = { unicode: { top: '┌', side: '│', middle: '├', bottom: '└', only: '╶' }, ascii: { top: '+', side: '|', middle: '+', bottom: '+', only: '+' } } as const

/** One row a layer: role, path, file system; below it what else is to be said of it. */
export function renderStack({ layers, room }: Pick<Inspection, 'layers' | 'room'>, view: View): string[] {
  const work = layers.find(({ role }) => role === 'work')
  const stack = [...layers.filter(({ role }) => role === 'upper'), ...layers.filter(({ role }) => role === 'lower'), ...layers.filter(({ role }) => role === 'data')]
  const box = view.unicode ? BOXES.unicode : BOXES.ascii
  const roles = stack.map(({ role, index }) => (role === 'upper' ? 'upper' : `${role} ${index + 1}`))
  const places = stack.map(placeOf)
  const roleWidth = Math.max(...roles.map(cells))
  const indent = 4 + roleWidth + 2
  const placeWidth = Math.min(Math.max(...places.map(cells)), 28)
  const pathWidth = Math.min(Math.max(...stack.map(({ path }) => cells(showName(path)))), Math.max(20, view.columns - indent - 2 - placeWidth))
  const corner = (at: number): string => (stack.length === 1 ? box.only : at === 0 ? box.top : at === stack.length - 1 ? box.bottom : box.middle)
  return stack.flatMap((layer, at) => {
    const path = pad(shortenMiddle(showName(layer.path), pathWidth, view.unicode), pathWidth)
    const role = view.style.strong(pad(roles[at] as string, roleWidth))
    const first = `  ${corner(at)} ${role}  ${path}  ${view.style.faint(shortenMiddle(places[at] as string, placeWidth, view.unicode))}`.trimEnd()
    const side = at === stack.length - 1 ? ' ' : box.side
    const more = [...(layer.realPath === undefined ? [] : [`is ${showName(layer.realPath)}`]), ...(layer.role === 'upper' ? upperLines(work, room) : []), ...namesOf(layer), ...troubles(layer, view), ...mountsBelow(layer)]
    return [first, ...more.map((line) => `  ${pad(side, indent - 2)}${typeset(line, view)}`)]
  })
}

function placeOf({ mount }: LayerView): string {
  return mount === undefined ? '' : `${escapeText(mount.fsType)} on ${showName(mount.target)}${mount.readOnly ? ', ro' : ''}`
}

function upperLines(work: LayerView | undefined, room: Inspection['room']): string[] {
  return [
    ...(work === undefined ? [] : [`work ${showName(work.path)}${work.exists === false ? ' is missing' : ''}`]),
    ...(room === undefined ? [] : [`${sizeOf(Number(room.bytes.free))} of ${sizeOf(Number(room.bytes.total))} free${room.inodes.total === 0n ? '' : `, ${room.inodes.free} of ${room.inodes.total} inodes`}`]),
  ]
}

/** What those who made the layer call it. */
function namesOf({ identity }: LayerView): string[] {
  if (identity === undefined) return []
  const { images, container, layer, file, store } = identity
  const words = [
    ...(container === undefined ? [] : [`container ${showName(container.name ?? container.id.slice(0, 12))}`]),
    ...images.slice(0, 3).map(showName),
    ...(layer === undefined ? [] : [`${store ?? 'layer'} ${showName(layer.slice(0, 12))}`]),
    ...(file === undefined ? [] : [`image ${showName(file)}`]),
  ]
  return words.length === 0 ? [] : [words.join(', ')]
}

function troubles({ exists, deleted, covered, kind }: LayerView, { style }: View): string[] {
  return [
    ...(deleted === true ? [style.warning('was deleted; the overlay still has it')] : exists === false ? [style.error('is missing')] : []),
    ...(covered === true ? ['lies below the overlay itself and cannot be looked at by name'] : []),
    ...(kind !== undefined && kind !== 'directory' ? [style.error(`is no directory any more, but ${kind}`)] : []),
  ]
}

function mountsBelow({ mountsBelow: below }: LayerView): string[] {
  if (below.length === 0) return []
  return [`not seen through the overlay: what is mounted at ${below.slice(0, 3).map(showName).join(', ')}${below.length > 3 ? ` and ${below.length - 3} more` : ''}`]
}
