/** Given up while another program mounts: the program is ended, and what it has mounted by then is undone with the rest. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { isOvlError, mount, overlay } from '../../../src/index.ts'
import type { MountOptions } from '../../../src/index.ts'
import { BIN } from '../../support/command.ts'
import { makeGround } from '../host/ground.ts'
import { expectNothingLeft } from '../bad-input/remains.ts'

const ground = makeGround()
const { PATH } = process.env
afterEach(() => {
  process.env['PATH'] = PATH
  delete process.env['NODE_OPTIONS']
})

interface Place {
  readonly dir: string
  /** Made by the program when it stands still. */
  readonly ready: string
}

function place(): Place {
  const dir = mkdtempSync(`${ground}/i-`)
  for (const name of ['l1', 'l2', 'm', 'bin']) mkdirSync(`${dir}/${name}`)
  return { dir, ready: `${dir}/ready` }
}

async function standsStill({ ready }: Place): Promise<void> {
  while (!existsSync(ready)) await sleep(10)
}

/** A mount(8) that never comes to its end: before it has mounted, or after. */
function slowMount({ dir, ready }: Place, when: 'before' | 'after'): string {
  const stand = `touch ${ready}; exec sleep 1000`
  writeFileSync(`${dir}/bin/mount`, `#!/bin/sh\n${when === 'after' ? `PATH='${PATH}' mount "$@"; ` : ''}${stand}\n`)
  chmodSync(`${dir}/bin/mount`, 0o755)
  return `${dir}/bin:${PATH}`
}

/** The same for the child that mounts from another working directory. */
function slowChild({ dir, ready }: Place): string {
  writeFileSync(`${dir}/slow.cjs`, `
    if (process.argv[2] === 'host-mount-child') process.on('exit', () => {
      require('node:fs').writeFileSync(${JSON.stringify(ready)}, '')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`)
  return `--require ${dir}/slow.cjs`
}

const WAYS: readonly (readonly [name: string, options: MountOptions, prepare: (at: Place) => void])[] = [
  ['mount(8), not mounted yet', { via: 'mount8' }, (at) => (process.env['PATH'] = slowMount(at, 'before'))],
  ['mount(8), mounted', { via: 'mount8' }, (at) => (process.env['PATH'] = slowMount(at, 'after'))],
  ['the child with relative names', { via: 'mount2', forms: ['relative'] }, (at) => (process.env['NODE_OPTIONS'] = slowChild(at))],
  ['the child with descriptors', { via: 'mount2', forms: ['proc-fd'] }, (at) => (process.env['NODE_OPTIONS'] = slowChild(at))],
]

test.each(WAYS)('an aborted signal reaches %s', async (_, options, prepare) => {
  const at = place()
  prepare(at)
  const controller = new AbortController()
  const mounting = mount(overlay().lower(`${at.dir}/l1`, `${at.dir}/l2`).tmpfs('1m').mkdir().at(`${at.dir}/new/target`), { ...options, signal: controller.signal }).catch((error: unknown) => error)
  await standsStill(at)
  controller.abort()
  const error = await mounting
  if (!isOvlError(error)) throw error
  expect({ code: error.code, undo: error.details.undo }).toEqual({ code: 'interrupted', undo: undefined })
  expect(existsSync(`${at.dir}/new`)).toBe(false)
  await expectNothingLeft(ground)
})

test('Ctrl-C goes to the whole process group', async () => {
  const at = place()
  const child = spawn(process.execPath, [BIN, 'mount', '--json', '--via', 'mount8', '-l', `${at.dir}/l1`, '-l', `${at.dir}/l2`, '--tmpfs', `${at.dir}/m`], {
    detached: true, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, PATH: slowMount(at, 'after') },
  })
  let said = ''
  child.stdout.on('data', (data) => (said += data))
  await standsStill(at)
  process.kill(-(child.pid as number), 'SIGINT')
  const [code] = await once(child, 'close') as [number]
  expect({ code, error: (JSON.parse(said) as { error: { code: string } }).error.code }).toEqual({ code: 8, error: 'interrupted' })
  await expectNothingLeft(ground)
})
