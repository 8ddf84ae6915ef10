#!/usr/bin/env node
// The command. CommonJS, by the package.json beside it: an ES module as entry point starts 11 ms later.
'use strict'

const version = () => require('../package.json').version
const argv = process.argv.slice(2)

if (argv.length === 1 && argv[0] === '--version') {
  // Before anything is loaded.
  require('node:fs').writeSync(1, `ovl ${version()}\n`)
} else {
  const load = require('./load.js')
  const run = async () => {
    process.exitCode = await load('./ovl.cjs').run(argv, version)
  }
  run().catch(load.failed)
}
