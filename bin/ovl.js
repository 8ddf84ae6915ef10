#!/usr/bin/env node
// The command. CommonJS, by the package.json beside it: an ES module as entry point starts 11 ms later.
'use strict'

const version = () => require('../package.json').version
const argv = process.argv.slice(2)

// Before anything is loaded. What cannot be written is left to those who can say so.
if (argv.length !== 1 || argv[0] !== '--version' || !print(`ovl ${version()}\n`)) {
  const load = require('./load.js')
  const run = async () => {
    process.exitCode = await load('./ovl.cjs').run(argv, version)
  }
  run().catch(load.failed)
}

function print(line) {
  try {
    return require('node:fs').writeSync(1, line) > 0
  } catch {
    return false
  }
}
