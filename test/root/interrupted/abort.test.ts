/** Given up before it began, after each step, and while a child is at work: everything is undone, and nothing is left. */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, openSync, closeSync, readdirSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { OvlError, mount, overlay, planOfMount, unmount, unmountStale } from '../../../src/index.ts'
import type { MountOptions, OverlayBuilder, Step } from '../../../src/index.ts'
import { readReceipts } from '../../../src/host/receipts.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { expectNothingLeft } from '../bad-input/remains.ts'

const ground = makeGround()
const target = `${ground}/new/target`
const said = (): OverlayBuilder => overlay().lower(`${ground}/image.squashfs`, { path: `${ground}/lower`, idmap: 'b:0:100000:1000' }).tmpfs('1m').mkdir().at(target)

beforeAll(() => {
  mkdirSync(`${ground}/lower`)
  if (!skip) execFileSync('mksquashfs', [`${ground}/lower`, `${ground}/image.squashfs`, '-quiet', '-no-progress'], { stdio: 'ignore' })
})

/** A signal that is aborted when it is looked at for the nth time; `before` runs then. */
function abortedAt(look: number, before: () => void = () => undefined): AbortSignal {
  const controller = new AbortController()
  let looks = 0
  Object.defineProperty(controller.signal, 'aborted', {
    get: () => {
      if (looks++ < look) return false
      before()
      return true
    },
  })
  return controller.signal
}

async function refusal(signal: AbortSignal): Promise<OvlError> {
  const error = await mount(said(), { signal }).then(() => undefined, (error: unknown) => error)
  expect(error).toBeInstanceOf(OvlError)
  return error as OvlError
}

const skip = !hasTool('mksquashfs')

test('before it begins', { skip }, async () => {
  expect((await refusal(AbortSignal.abort())).code).toBe('interrupted')
  expect(existsSync(`${ground}/new`)).toBe(false)
  await expectNothingLeft(ground)
})

test('after each step', { skip }, async () => {
  const { steps } = await planOfMount(said())
  expect(steps.length).toBeGreaterThan(8)
  for (let done = 0; done < steps.length; done++) {
    const { code, details } = await refusal(abortedAt(done))
    expect({ done, code, undo: details.undo }).toEqual({ done, code: 'interrupted', undo: undefined })
    expect(existsSync(`${ground}/new`), `the directories made before step ${done} are gone`).toBe(false)
    await expectNothingLeft(ground)
  }
})

test('when it is done, it is done', { skip }, async () => {
  const { steps } = await planOfMount(said())
  await mount(said(), { signal: abortedAt(steps.length + 5) })
  await unmount(target)
  await expectNothingLeft(ground)
})

test('what cannot be undone is said, remembered, and cleared later', { skip }, async () => {
  const { steps } = await planOfMount(said())
  const tmpfs = steps.find((step): step is Extract<Step, { do: 'mount-tmpfs' }> => step.do === 'mount-tmpfs')
  let held: number | undefined
  const error = await refusal(abortedAt(steps.length - 1, () => {
    // The directory has another name in each mount: the one in the receipt of our target.
    const receipt = readReceipts().find((receipt) => receipt.target === target)
    held = openSync(`${receipt?.directory}/${tmpfs?.at.split('/').at(-1)}`, 'r')
  }))
  expect(error.code).toBe('interrupted')
  expect(error.details.undo).toEqual([expect.stringMatching(/^'\/.*' is busy$/)])
  const [receipt] = readReceipts().filter((receipt) => receipt.target === target)
  expect(receipt, 'the receipt stays, so that it can be found').toBeDefined()
  closeSync(held as number)
  expect((await unmountStale()).map((cleared) => cleared.target)).toContain(target)
  expect(readdirSync(ground)).not.toContain('new')
  await expectNothingLeft(ground)
})

/** What was begun is finished before it is undone: a mount that was given up too late is there, and whole. */
test.each<MountOptions>([{ via: 'mount2', forms: ['relative'] }, { via: 'mount8' }, {}])('while others work for it: %j', { skip }, async (options) => {
  const outcomes = new Set<string>()
  for (const delay of [0, 2, 5, 10, 20, 40, 80]) {
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(), delay)
    try {
      await (await mount(said(), { ...options, signal: controller.signal })).unmount()
      outcomes.add('mounted')
    } catch (error) {
      outcomes.add((error as OvlError).code)
    }
    clearTimeout(timer)
    await expectNothingLeft(ground)
  }
  expect(['interrupted', 'mounted']).toEqual(expect.arrayContaining([...outcomes]))
})
