import test from 'node:test'
import { mount, overlay, list } from 'ovl'
import { scratch } from './scratch.mjs'
import { mkdirSync } from 'node:fs'
test('times', async t => {
  const dir = scratch(t)
  const time = async (what, work) => { const s = performance.now(); const r = await work(); console.log('TIME', what, Math.round(performance.now() - s)); return r }
  const spec = overlay().lower(`${dir}/lower/1`, `${dir}/lower/2`).upper(`${dir}/upper`).work(`${dir}/work`).at(`${dir}/merged`)
  for (const o of [{}, {}, {}, {via:'mount2'}, {via:'mount8'}, {via:'mount8'}, {via:'mount2',forms:['relative']},{via:'mount2',forms:['relative']}]) {
    const m = await time('mount ' + JSON.stringify(o), () => mount(spec, o))
    await time('list', () => list())
    await time('unmount', () => m.unmount())
  }
  const vol = await time('volatile', () => mount(spec.volatile()))
  await time('unmount', () => vol.unmount())
  const lower = Array.from({ length: 500 }, (_, n) => `${dir}/lower/${n}`)
  await time('mkdirs', () => lower.forEach(p => mkdirSync(p, {recursive: true})))
  const m = await time('mount 500', () => mount(overlay().lower(...lower).at(`${dir}/merged`)))
  await time('unmount', () => m.unmount())
})
