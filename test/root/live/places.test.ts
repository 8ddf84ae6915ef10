/** Steps of a plan in directories of somebody else: held as they were looked at, reached by descriptor, undone where they were done. */

import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isOvlError } from '../../../src/index.ts'
import { execute } from '../../../src/host/execute.ts'
import { identityOf, statName } from '../../../src/host/files.ts'
import { paramsOf } from '../../../src/overlay/params.ts'
import { EMPTY_SPEC } from '../../../src/overlay/spec.ts'
import type { Step, Via } from '../../../src/plan/step.ts'
import { makeGround } from '../host/ground.ts'

const ground = makeGround()

async function codeOf(steps: readonly Step[]): Promise<string | undefined> {
  try {
    await (await execute({ steps })).undo()
    return undefined
  } catch (error) {
    if (!isOvlError(error)) throw error
    return error.code
  }
}

function place(...names: readonly string[]): string {
  const path = mkdtempSync(`${ground}/place-`)
  for (const name of names) mkdirSync(`${path}/${name}`)
  return path
}

test('a directory is held if it is the one that was looked at', async () => {
  const path = place('kept', 'other')
  const identity = identityOf(statName(`${path}/kept`)) as string
  expect(await codeOf([{ do: 'hold-dir', path: `${path}/kept`, identity }])).toBeUndefined()
  expect(await codeOf([{ do: 'hold-dir', path: `${path}/other`, identity }])).toBe('unsafe-path')
  renameSync(`${path}/kept`, `${path}/moved`)
  symlinkSync('moved', `${path}/kept`)
  expect(await codeOf([{ do: 'hold-dir', path: `${path}/kept`, identity }])).toBe('unsafe-path')
})

test.each([['fsconfig', 'fd'], ['mount2', 'proc-fd']] as const)('by %s a layer in it is handed over as a descriptor', async (via, form) => {
  const path = place('lower', 'kept', 'm')
  for (const name of ['upper', 'work']) mkdirSync(`${path}/kept/${name}`)
  const params = paramsOf({ ...EMPTY_SPEC, lower: [{ path: `${path}/lower` }], upper: `${path}/kept/upper`, work: `${path}/kept/work` })
  const mount = (way: Via): Step => ({ do: 'mount-overlay', target: `${path}/m`, source: 'overlay', params, flags: [], ways: [way], below: [`${path}/kept`] })
  const steps: Step[] = [{ do: 'hold-dir', path: `${path}/kept` }, mount(via)]
  const { taken, undo } = await execute({ steps })
  expect(taken).toMatchObject({ via, form })
  writeFileSync(`${path}/m/mine`, '')
  expect(await undo()).toEqual([])
  expect(readdirSync(`${path}/kept/upper`)).toEqual(['mine'])
  // Programs look for the names once more.
  for (const way of ['mount8', 'fuse'] as const) expect(await codeOf([mount(way)]), way).toBe('way-cannot-say')
  renameSync(`${path}/kept/upper`, `${path}/upper`)
  symlinkSync('../upper', `${path}/kept/upper`)
  expect(await codeOf(steps)).toBe('unsafe-path')
})

test('what was made is removed, and what came in its place is not', async () => {
  const path = place('kept')
  const made: Step = { do: 'make-dir', path: `${path}/kept/a/b`, mode: 0o750, within: `${path}/kept`, like: { path: `${path}/kept`, within: path } }
  const steps: Step[] = [{ do: 'hold-dir', path: `${path}/kept` }, { do: 'make-dir', path: `${path}/kept/a`, mode: 0o755, within: `${path}/kept` }, made]
  chmodSync(`${path}/kept`, 0o2711)
  const first = await execute({ steps })
  expect(statSync(`${path}/kept/a/b`).mode & 0o7777).toBe(0o2711)
  await first.undo()
  expect(readdirSync(`${path}/kept`)).toEqual([])
  for (const name of ['kept', 'kept/a']) {
    const { undo } = await execute({ steps })
    renameSync(`${path}/${name}`, `${path}/away`)
    mkdirSync(`${path}/victim/${name === 'kept' ? 'a/b' : 'b'}`, { recursive: true })
    symlinkSync(`${path}/victim`, `${path}/${name}`)
    expect(await undo()).toEqual([])
    expect(existsSync(`${path}/victim/${name === 'kept' ? 'a/b' : 'b'}`)).toBe(true)
    expect(lstatSync(`${path}/${name}`).isSymbolicLink()).toBe(true)
    renameSync(`${path}/${name}`, `${path}/link-${name.length}`)
    if (name === 'kept') renameSync(`${path}/away`, `${path}/kept`)
  }
})

test('a directory of our own that others can write is not believed', async () => {
  const path = place('open', 'true')
  chmodSync(`${path}/open`, 0o777)
  symlinkSync('true', `${path}/link`)
  for (const name of ['open', 'link']) expect(await codeOf([{ do: 'make-dir', path: `${path}/${name}`, mode: 0o700, own: true }]), name).toBe('not-permitted')
  expect(await codeOf([{ do: 'make-dir', path: `${path}/new`, mode: 0o700, own: true }])).toBeUndefined()
})
