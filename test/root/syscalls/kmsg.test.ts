import { writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { expect, test, vi } from 'vitest'
import type { Known } from '../../../src/diagnose/facts.ts'
import { markKernelLog } from '../../../src/host/kmsg.ts'
import type { KernelMessage } from '../../../src/host/kmsg.ts'
import { mountLegacy } from '../../../src/host/syscalls/mount-legacy.ts'
import { bundle, makeGround } from '../host/ground.ts'

const ground = makeGround()

/** Makes overlayfs say a name of our own: others mount at the same time. */
function say(name: string): string {
  try {
    mountLegacy('o', ground, 'overlay', 0, `lowerdir=${name.replaceAll('\\', '\\\\')}:/etc`)
  } catch {
    // The kernel’s words are what is wanted.
  }
  return `overlayfs: failed to resolve '${name}': -2`
}
const ours = <T extends string | KernelMessage>(found: Known<readonly T[]>, name: string): T[] =>
  (found.known ? found.value.filter((one) => (typeof one === 'string' ? one : one.text).includes(name)) : [])

test('what was said since the mark, and nothing before it or of others', () => {
  const name = `${ground}/none`
  say(name)
  using mark = markKernelLog()
  expect(ours(mark.lines(), name)).toEqual([])
  writeFileSync('/dev/kmsg', `<4>something else ${name}`)
  writeFileSync('/dev/kmsg', `<4>overlayfs: in the middle ${name}`)
  const said = say(name)
  try {
    mountLegacy('o', ground, 'overlay', 0, `${name}=1`)
  } catch {
    // As above.
  }
  expect(ours(mark.messages(), name)).toEqual([
    { level: 4, text: `overlayfs: in the middle ${name}` },
    { level: 3, text: said },
    { level: 3, text: `overlay: Unknown parameter '${name}'` },
  ])
  say(name)
  expect(ours(mark.lines(), name)).toHaveLength(4)
})

test('bytes that do not print are given as they are', () => {
  using mark = markKernelLog()
  const name = `${ground}/ä\udcff\n\\x41 语`
  expect([say(name)]).toEqual(ours(mark.lines(), name))
})

test('without FFI the mark is found by reading', async () => {
  const name = `${ground}/without`
  say(name)
  vi.resetModules()
  vi.stubEnv('OVL_NO_FFI', '1')
  const { markKernelLog: markWithout } = await import('../../../src/host/kmsg.ts')
  using mark = markWithout()
  vi.unstubAllEnvs()
  expect(ours(mark.lines(), name)).toEqual([])
  expect([say(name)]).toEqual(ours(mark.lines(), name))
})

test('a log that may not be read is unknown, with the reason', () => {
  const script = bundle(ground, 'kmsg', `
    import { markKernelLog } from 'src/host/kmsg.ts'
    using mark = markKernelLog()
    console.log(JSON.stringify(mark.lines()))
  `)
  const out = execFileSync('unshare', ['--mount', 'sh', '-c', 'mount -t tmpfs none /dev && "$0" "$1"', process.execPath, script], { encoding: 'utf8' })
  expect(JSON.parse(out)).toEqual({ known: false, why: '/dev/kmsg cannot be read: ENOENT' })
})
