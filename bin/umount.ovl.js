#!/usr/bin/env node
// What umount(8) runs for the type `ovl`, when it finds it as /sbin/umount.ovl.
'use strict'

require('./load.js')('./mount-helper.cjs')
  .umountHelper(process.argv.slice(2))
  .then((code) => {
    process.exitCode = code
  })
