/**
 * Mounts images with an upper on a tmpfs, or takes that down, as a process of its own that can be killed: when its
 * input ends it says `go`, does it, says `done`, and waits.
 */

import { readFileSync, writeSync } from 'node:fs'
import { mount, overlay, unmount } from '../../../dist/index.js'

const [target, ...images] = process.argv.slice(2)
const doing = readFileSync(0, 'utf8')
const up = () => mount(overlay().lower(...images).tmpfs('4m').mkdir().at(target), doing === 'mount2' ? { via: 'mount2' } : {})
if (doing === 'unmount') await up()
writeSync(1, 'go\n')
await (doing === 'unmount' ? unmount(target) : up())
writeSync(1, 'done\n')
setInterval(() => undefined, 60_000)
