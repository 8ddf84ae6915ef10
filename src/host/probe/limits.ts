/** How much fits, tried for real: bytes of options, bytes of one value, layers, overlays on overlays. */

import { mkdirSync } from 'node:fs'
import type { Probed } from '../../diagnose/doctor.ts'
import { pageSize } from '../system.ts'
import { openPath } from '../syscalls/files.ts'
import { fsSetString } from '../syscalls/mount-api.ts'
import { tryOverlay, writable } from './ground.ts'
import type { Ground, Tried } from './ground.ts'
import { failed, inContext, isLegacyContext } from './overlay.ts'
import { heard, missing, refused, works } from './probe.ts'
import type { MountProbe } from './probe.ts'

export const LIMIT_PROBES: readonly MountProbe[] = [
  { id: 'limit-page', group: 'limits', what: 'options of mount(2)', where: 'inside', probe: probePage },
  { id: 'limit-value', group: 'limits', what: 'one value of fsconfig', where: 'inside', probe: probeValue },
  { id: 'limit-layers', group: 'limits', what: 'layers', where: 'inside', probe: probeLayers },
  { id: 'limit-depth', group: 'limits', what: 'overlays on overlays', where: 'inside', probe: probeDepth },
]

/** A longer text would be cut without a word, so the length that must work is all that is tried. */
async function probePage(ground: Ground): Promise<Probed> {
  const limit = pageSize() - 1
  const place = ground.place()
  const short = writable(place).length
  const half = Math.floor((limit - short) / 2)
  const data = writable(place).replace('/l1:', `/l1${'/'.repeat(half)}:`).replace('/l2,', `/l2${'/'.repeat(limit - short - half)},`)
  const tried = await tryOverlay(ground, place, data, () => undefined)
  const page = `${limit} bytes, one page less one`
  return tried.ok ? works(page, { evidence: heard('probe', [`${data.length} bytes of options were mounted`]) }) : refused(`${page}, and not even these work`, failed(tried))
}

function probeValue(ground: Ground): Probed {
  const { root } = ground
  const fits = (bytes: number): boolean => inContext((context) => fsSetString(context, 'lowerdir', `${root}${'/'.repeat(bytes - root.length)}`)) === undefined
  const longest = [256, 255, 128].find((bytes) => fits(bytes))
  if (longest === undefined) return missing('fsconfig takes no lowerdir here')
  const all = isLegacyContext() ? `, and ${pageSize() - 1} of all` : ''
  return works(longest > 255 ? 'more than 255 bytes' : `${longest} bytes${all}`, { evidence: heard('probe', [`${longest} bytes were taken${longest > 255 ? '' : ', more refused'}`]) })
}

const LAYERS = 500

/** Some kernels count from one off. Names are relative, so that all of them fit a page. */
async function probeLayers(ground: Ground): Promise<Probed> {
  const base = `${ground.place()}/n`
  mkdirSync(base)
  for (let n = 0; n <= LAYERS; n++) mkdirSync(`${base}/${n}`)
  using cwd = openPath(base)
  const mount = (count: number): Promise<Tried<unknown>> => tryOverlay(ground, ground.place(), `lowerdir=${Array.from({ length: count }, (_, n) => n).join(':')}`, () => undefined, cwd.fd)
  for (const count of [LAYERS + 1, LAYERS, LAYERS - 1]) {
    const tried = await mount(count)
    if (tried.ok) return works(count > LAYERS ? `more than ${LAYERS}` : `${count}, lower and data-only together`, { evidence: heard('probe', [`${count} layers were mounted${count > LAYERS ? '' : `, ${count + 1} refused`}`]) })
  }
  return missing(`fewer than ${LAYERS - 1}`)
}

async function probeDepth(ground: Ground): Promise<Probed> {
  const places = [ground.place(), ground.place(), ground.place()] as const
  const [first, second, third] = places
  const levels = await tryOverlay(ground, first, `lowerdir=${first}/l1:${first}/l2`, () =>
    tryOverlay(ground, second, `lowerdir=${first}/m:${second}/l2`, () =>
      tryOverlay(ground, third, `lowerdir=${second}/m:${third}/l2`, () => undefined)))
  if (!levels.ok) return missing('not even one', failed(levels))
  const [two, three] = [levels.value, levels.value.ok ? levels.value.value : undefined]
  if (!two.ok) return works('none: an overlay cannot be a lower layer', failed(two))
  if (three === undefined || three.ok) return works('more than two levels')
  return works('two levels: an overlay on an overlay', failed(three))
}
