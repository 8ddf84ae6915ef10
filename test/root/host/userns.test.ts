import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { lstatName } from '../../../src/host/files.ts'
import { moveMount, openTree, setMountAttributes } from '../../../src/host/syscalls/mount-api.ts'
import { mountLegacy } from '../../../src/host/syscalls/mount-legacy.ts'
import { makeUserNamespaceFd } from '../../../src/host/userns.ts'
import { bundle, makeGround } from './ground.ts'

const ground = makeGround()
mkdirSync(`${ground}/files`)
for (const id of [0, 1000, 70_000]) {
  writeFileSync(`${ground}/files/${id}`, '')
  chownSync(`${ground}/files/${id}`, id, id)
}
let n = 0
const children = (): string => execFileSync('ps', ['--ppid', String(process.pid), '-o', 'comm='], { encoding: 'utf8' }).replace(/^ps\n/m, '')

/** Owners of the three files, seen through a mount with the id map. */
async function ownersBy(words: string): Promise<string[]> {
  const at = `${ground}/m${n++}`
  mkdirSync(at)
  using namespace = await makeUserNamespaceFd(words)
  using clone = openTree(`${ground}/files`, { clone: true })
  setMountAttributes(clone, { idmapFd: namespace.fd })
  moveMount(clone, at)
  return [0, 1000, 70_000].map((id) => {
    const found = lstatName(`${at}/${id}`)
    return typeof found === 'string' ? found : `${found.uid}:${found.gid}`
  })
}

test('the first number is on disk, the second in the mount', async () => {
  expect(await ownersBy('b:0:100000:65536')).toEqual(['100000:100000', '101000:101000', '65534:65534'])
  expect(await ownersBy('0:5:1 u:1000:7:1 g:1000:8:1 70000:70000:1')).toEqual(['5:5', '7:8', '70000:70000'])
  expect(await ownersBy('u:0:9:1 g:1000:9:1')).toEqual(['9:65534', '65534:9', '65534:65534'])
})

test('a namespace by its file', async () => {
  using made = await makeUserNamespaceFd('b:1000:0:10')
  expect(readlinkSync(`/proc/self/fd/${made.fd}`)).toMatch(/^user:\[\d+\]$/)
  expect(await ownersBy(`/proc/self/fd/${made.fd}`)).toEqual(['65534:65534', '0:0', '65534:65534'])
  await expect(makeUserNamespaceFd('/no/such')).rejects.toThrow('cannot open the user namespace')
})

test('an overlay shows the mapped owners of a mapped lower', async () => {
  for (const name of ['mapped', 'other', 'merged']) mkdirSync(`${ground}/${name}`)
  using namespace = await makeUserNamespaceFd('b:0:100000:65536')
  using clone = openTree(`${ground}/files`, { clone: true })
  setMountAttributes(clone, { set: ['ro'], idmapFd: namespace.fd })
  moveMount(clone, `${ground}/mapped`)
  mountLegacy('o', `${ground}/merged`, 'overlay', 0, `lowerdir=${ground}/mapped:${ground}/other`)
  expect(lstatName(`${ground}/merged/1000`)).toMatchObject({ uid: 101_000, gid: 101_000 })
})

test('no child is left behind, and no map is written twice', async () => {
  const before = children()
  const made = await Promise.all(Array.from({ length: 5 }, () => makeUserNamespaceFd('b:0:0:1')))
  expect(new Set(made.map(({ fd }) => readlinkSync(`/proc/self/fd/${fd}`))).size).toBe(5)
  for (const one of made) one.close()
  expect(children()).toBe(before)
})

test('in a user namespace only its own ids can be mapped', () => {
  const script = bundle(ground, 'inside', `
    import { makeUserNamespaceFd } from 'src/host/userns.ts'
    const tryMap = (words) => makeUserNamespaceFd(words).then((fd) => fd.fd > 2, ({ code, message }) => [code, message])
    console.log(JSON.stringify([await tryMap('b:5:0:1'), await tryMap('b:0:100000:65536')]))
  `)
  execFileSync('ln', ['-sfn', new URL('../../../node_modules', import.meta.url).pathname, `${ground}/node_modules`])
  const [own, foreign] = JSON.parse(execFileSync('unshare', ['--user', '--map-root-user', '--mount', process.execPath, script], { encoding: 'utf8' })) as [boolean, [string, string]]
  expect(own).toBe(true)
  expect(foreign).toEqual(['not-permitted', 'these ids may not be mapped from here: 0 100000 65536'])
})

test('where namespaces are forbidden, that is said', async () => {
  const script = bundle(ground, 'forbidden', `
    import { makeUserNamespaceFd } from 'src/host/userns.ts'
    console.log(JSON.stringify(await makeUserNamespaceFd('b:0:0:1').catch(({ code, message }) => [code, message])))
  `)
  // A limit of its own: none below this namespace.
  const out = execFileSync('unshare', ['--user', '--map-root-user', 'sh', '-c', 'echo 0 > /proc/sys/user/max_user_namespaces && "$0" "$1"', process.execPath, script], { encoding: 'utf8' })
  const [code, message] = JSON.parse(out) as [string, string]
  expect(code).toBe('userns-disabled')
  expect(message).toContain('unshare')
  expect(isOvlError(await makeUserNamespaceFd('nonsense').catch((error: unknown) => error))).toBe(true)
})
