#!/usr/bin/env node
// What umount(8) runs for the type `ovl`, when it finds it as /sbin/umount.ovl.
'use strict'

const load = require('./load.js')
const run = async () => {
  process.exitCode = await load('./mount-helper.cjs').umountHelper(process.argv.slice(2))
}
run().catch(load.failed)
