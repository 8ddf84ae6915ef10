#!/usr/bin/env node
// The command. CommonJS, by the package.json beside it: an ES module as entry point starts 11 ms later.
'use strict'

const version = () => require('../package.json').version
const argv = process.argv.slice(2)

if (argv.length === 1 && argv[0] === '--version') {
  // Before anything is loaded.
  require('node:fs').writeSync(1, `ovl ${version()}\n`)
} else {
  require('./load.js')('./ovl.cjs')
    .run(argv, version)
    .then((code) => {
      process.exitCode = code
    })
}
