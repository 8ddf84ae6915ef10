// Run in a user namespace by rootless.test.mjs: mounts one after the other what standard input says, and prints what became of each.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { list, mount } from 'ovl'

const answers = []
for (const { spec, options } of JSON.parse(readFileSync(0, 'utf8'))) answers.push(await tried(spec, options))
console.log(JSON.stringify(answers))

async function tried(spec, options) {
  try {
    const mounted = await mount(spec, options)
    const [found] = (await list()).filter(({ target }) => target === spec.target)
    const hidden = mounted.upper === undefined ? undefined : remade(spec.target)
    await mounted.unmount()
    return {
      way: `${mounted.via} ${mounted.form}`, warnings: mounted.warnings.map(({ code }) => code), fixes: mounted.warnings.flatMap(({ fix }) => fix.map(({ text }) => text)),
      options: found.options, lower: found.lower, hidden, left: (await list()).length,
    }
  } catch (error) {
    return { code: error.code, message: error.message, first: error.findings?.[0]?.code }
  }
}

/** Whether a directory that is removed and made anew hides what a lower has in it: that needs an attribute of upper. */
function remade(target) {
  try {
    rmSync(`${target}/tree`, { recursive: true })
    mkdirSync(`${target}/tree`)
    writeFileSync(`${target}/tree/new`, '')
    return readdirSync(`${target}/tree`).join() === 'new'
  } catch (error) {
    return error.code
  }
}
