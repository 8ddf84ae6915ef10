/** An overlay in a namespace of its own that is laid out like Docker's, with traps where the records of its layers would lie. */

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readLowersOnRecord, readStoreNames, readStorePlace } from '../../../src/host/image-stores.ts'
import { BIN } from '../../support/command.ts'
import { makeGround } from '../host/ground.ts'

const ground = makeGround()
/** Far more than a list takes; a hanging one takes for ever. */
const timeout = 20_000

/** What `ovl WORDS` says while the overlay is mounted in another namespace. */
async function besideStore(lay: (at: string, layer: string) => void, words: readonly string[]): Promise<{ status: number | null; stdout: string; at: string }> {
  const at = mkdtempSync(`${ground}/t`)
  const layer = `${at}/overlay2/0abc`
  for (const name of ['3', '4', 'm', 'overlay2/0abc/diff', 'overlay2/0abc/work']) mkdirSync(`${at}/${name}`, { recursive: true })
  lay(at, layer)
  const script = `mount -t overlay trap -o lowerdir=3:4,upperdir=${layer}/diff,workdir=${layer}/work ${at}/m && echo ready && exec sleep 120`
  const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', script], { cwd: at, env: { ...process.env, LIBMOUNT_FORCE_MOUNT2: 'always' }, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve))
    const { status, stdout } = spawnSync('sh', ['-c', 'ulimit -v 60000000; exec "$@"', 'sh', process.execPath, BIN, ...words], { encoding: 'utf8', timeout, killSignal: 'SIGKILL', maxBuffer: 256 * 1024 * 1024 })
    return { status, stdout, at }
  } finally {
    child.kill('SIGKILL')
  }
}

const TRAPS: readonly (readonly [what: string, lay: (at: string, layer: string) => void])[] = [
  ['a FIFO', (_, layer) => execFileSync('mkfifo', [`${layer}/lower`])],
  ['a link to a FIFO', (at, layer) => (execFileSync('mkfifo', [`${at}/fifo`]), symlinkSync(`${at}/fifo`, `${layer}/lower`))],
  ['a link to a device that never ends', (_, layer) => symlinkSync('/dev/zero', `${layer}/lower`)],
  ['a file of one terabyte', (_, layer) => execFileSync('truncate', ['-s', '1T', `${layer}/lower`])],
  ['a directory', (_, layer) => mkdirSync(`${layer}/lower`)],
]

test.each(TRAPS)('list --all-namespaces passes by %s as the record of lowers', async (_, lay) => {
  const { status, stdout, at } = await besideStore(lay, ['list', '--all-namespaces', '--json'])
  expect(status).toBe(0)
  const { data } = JSON.parse(stdout) as { data: { target: string; upper: string }[] }
  expect(data.filter(({ target }) => target === `${at}/m`)).toMatchObject([{ upper: `${at}/overlay2/0abc/diff` }])
}, 30_000)

test('a link in a record leads nowhere out of the namespace of the store', async () => {
  // In the other namespace the secret is covered; here it is not.
  const secret = mkdtempSync(`${ground}/s`)
  writeFileSync(`${secret}/file`, 'SECRET-A:SECRET-B')
  const { stdout } = await besideStore((_, layer) => (execFileSync('mkdir', ['-p', `${secret}/cover`]), symlinkSync(`/proc/self/root/${secret}/file`, `${layer}/lower`)), ['list', '--all-namespaces', '--json'])
  expect(stdout).not.toContain('SECRET')
}, 30_000)

test('a store of many and large things is read as far as is sensible', () => {
  const at = mkdtempSync(`${ground}/t`)
  const database = `${at}/image/overlay2`
  mkdirSync(`${database}/layerdb/sha256`, { recursive: true })
  mkdirSync(`${database}/imagedb/content/sha256`, { recursive: true })
  mkdirSync(`${at}/overlay2/l`, { recursive: true })
  // All are the same diff on the same parent, and images that name it 100,000 times.
  execFileSync('sh', ['-ec', 'i=0; while [ $i -lt 12000 ]; do echo $i; i=$((i+1)); done | (cd "$1" && xargs mkdir)', 'sh', `${database}/layerdb/sha256`])
  const diffs = JSON.stringify({ rootfs: { diff_ids: Array.from({ length: 100_000 }, () => 'x') } })
  for (const name of ['A', 'sha256:A']) {
    mkdirSync(`${database}/layerdb/sha256/${name}`)
    writeFileSync(`${database}/layerdb/sha256/${name}/diff`, 'x')
    writeFileSync(`${database}/layerdb/sha256/${name}/cache-id`, `0${name.length}`)
  }
  writeFileSync(`${database}/layerdb/sha256/sha256:A/parent`, 'A')
  for (let at = 0; at < 50; at++) writeFileSync(`${database}/imagedb/content/sha256/${at}`, diffs)
  writeFileSync(`${database}/repositories.json`, JSON.stringify({ Repositories: { a: Object.fromEntries(Array.from({ length: 100_000 }, (_, name) => [`a:${name}`, '1'])) } }))
  const begun = Date.now()
  readStoreNames({ store: 'docker', root: at })
  expect(Date.now() - begun).toBeLessThan(20_000)
}, 60_000)

test('a true store below a symlink is read as before', () => {
  const at = mkdtempSync(`${ground}/t`)
  mkdirSync(`${at}/real/overlay2/0abc/diff`, { recursive: true })
  mkdirSync(`${at}/real/overlay2/l`)
  symlinkSync(`${at}/real`, `${at}/link`)
  const short = 'A'.repeat(26)
  symlinkSync('../0abc/diff', `${at}/real/overlay2/l/${short}`)
  writeFileSync(`${at}/real/overlay2/0abc/lower`, `l/${short}:l/B`)
  expect(readStorePlace(`${at}/link/overlay2/l/${short}`)).toMatchObject({ store: 'docker', layer: '0abc' })
  expect(readLowersOnRecord(`${at}/link/overlay2/0abc/diff`)).toEqual([`${at}/link/overlay2/l/${short}`, `${at}/link/overlay2/l/B`])
})
