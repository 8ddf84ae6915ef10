/** A live system whose disk keeps three places of it, killed before each call that mounts or unmounts: there is no such moment that leaves half of it. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { hasTool, makeGround } from '../host/ground.ts'
import { expectNothingLeft, killer } from './scene.ts'
import { whyNoTracing } from './tracing.ts'

const ground = makeGround()

/** Between these calls directories are made, and they are killed there by calls.test.ts in a plainer mount. */
const CALLS = { live: ['mount', 'umount2'], 'live-unmount': ['umount2'] } as const

test('a kill before every call', { skip: !['mksquashfs', 'genisoimage', 'mkfs.ext4'].every(hasTool) }, ({ skip }) => {
  const why = whyNoTracing()
  skip(why !== undefined, why)
  const iso = `${ground}/live.iso`
  const disk = `${ground}/disk.img`
  mkdirSync(`${ground}/tree/dir`, { recursive: true })
  mkdirSync(`${ground}/medium/live`, { recursive: true })
  for (const n of [0, 1]) writeFileSync(`${ground}/tree/id-${n}`, String(n))
  execFileSync('mksquashfs', [`${ground}/tree`, `${ground}/medium/live/filesystem.squashfs`, '-quiet', '-no-progress'], { stdio: 'ignore' })
  execFileSync('genisoimage', ['-quiet', '-R', '-o', iso, `${ground}/medium`], { stdio: 'ignore' })
  mkdirSync(`${ground}/root`)
  writeFileSync(`${ground}/root/persistence.conf`, '/ union,source=all\n/home\n/dir union\n')
  writeFileSync(disk, '')
  truncateSync(disk, 8 * 1024 * 1024)
  execFileSync('mkfs.ext4', ['-q', '-F', '-d', `${ground}/root`, disk])

  const kills = (Object.keys(CALLS) as (keyof typeof CALLS)[]).flatMap((doing) => CALLS[doing].map((every) => ({ doing, every })))
  const reports = killer(`${ground}/made/target`, [iso, disk])(kills)
  reports.forEach(expectNothingLeft)
  const count: Record<string, number> = {}
  for (const { kill: { doing, every }, said } of reports) if (!said.includes('done')) count[`${doing}: ${every}`] = (count[`${doing}: ${every}`] ?? 0) + 1
  console.log(`killed before ${Object.entries(count).map((pair) => pair.join(' × ')).join(', ')}`)
  expect(reports.filter(({ said }) => said.includes('done')), 'each was tried until there was no further call').toHaveLength(kills.length)
  // Image, disk, private staging, bind, the tree at its place; and what was staged comes down. Taking down begins with putting up.
  expect(count).toMatchObject({ 'live: mount': 5, 'live: umount2': 3, 'live-unmount: umount2': 3 + 5 })
})
