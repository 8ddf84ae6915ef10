#!/usr/bin/env node
// What mount(8) runs for the type `ovl`, when it finds it as /sbin/mount.ovl.
'use strict'

require('./load.js')('./mount-helper.cjs')
  .mountHelper(process.argv.slice(2))
  .then((code) => {
    process.exitCode = code
  })
