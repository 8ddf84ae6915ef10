/**
 * A helper of the command or the library, in a process or a thread of its own: `child.js NAME` runs the bundle
 * dist/cli/NAME.cjs, with the same code cache as the command. The host/*-child.ts say what each of them does.
 */
'use strict'

require('./load.js')(`./${process.argv[2]}.cjs`)
