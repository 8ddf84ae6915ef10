/**
 * Mounts images with an upper on a tmpfs, or the live system of an ISO with its changes on a disk, or takes that down, as a
 * process of its own that can be killed: when its input ends it says `go`, does it, says `done`, and waits.
 */

import { readFileSync, writeSync } from 'node:fs'
import { mount, mountLive, overlay, unmount } from '../../../dist/index.js'

const [target, ...images] = process.argv.slice(2)
const doing = readFileSync(0, 'utf8')
const [iso, persist] = images
const live = () => mountLive(iso, target, { mkdir: true, persist })
const up = () => doing.startsWith('live') ? live() : mount(overlay().lower(...images).tmpfs('4m').mkdir().at(target), doing === 'mount2' ? { via: 'mount2' } : {})
const down = doing.endsWith('unmount')
if (down) await up()
writeSync(1, 'go\n')
await (down ? unmount(target) : up())
writeSync(1, 'done\n')
setInterval(() => undefined, 60_000)
