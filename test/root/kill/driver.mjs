/** Mounts images with an upper on a tmpfs, as a process of its own that can be killed: says `go`, mounts, says `done`, waits. */

import { writeSync } from 'node:fs'
import { mount, overlay } from '../../../dist/index.js'

const [target, ...images] = process.argv.slice(2)
writeSync(1, 'go\n')
await mount(overlay().lower(...images).tmpfs('4m').mkdir().at(target))
writeSync(1, 'done\n')
setInterval(() => undefined, 60_000)
