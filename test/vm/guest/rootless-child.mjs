// Run in a user namespace by rootless.test.mjs: mounts what standard input says, and prints what became of it.

import { readFileSync } from 'node:fs'
import { list, mount } from 'ovl'

const { spec, options } = JSON.parse(readFileSync(0, 'utf8'))
const brief = ({ code, severity, confidence, title }) => ({ code, severity, confidence, title })

try {
  const mounted = await mount(spec, options)
  const [found] = (await list()).filter(({ target }) => target === spec.target)
  await mounted.unmount()
  console.log(JSON.stringify({ way: `${mounted.via} ${mounted.form}`, readOnly: mounted.readOnly, warnings: mounted.warnings.map(brief), options: found.options, left: (await list()).length }))
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message, findings: error.findings?.map(brief), stack: error.stack }))
}
