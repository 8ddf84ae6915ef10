/** Signals: the first asks to stop, the second is left to the system. */

import { expect, it } from 'vitest'
import { interruptible } from '../../src/cli/interrupt.ts'

it('aborts on the first signal and leaves the second alone', async () => {
  const before = process.listenerCount('SIGINT')
  const seen = await interruptible(async (signal) => {
    expect(process.listenerCount('SIGINT')).toBe(before + 1)
    process.kill(process.pid, 'SIGINT')
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    return { aborted: signal.aborted, listeners: process.listenerCount('SIGINT') }
  })
  expect(seen).toEqual({ aborted: true, listeners: before })
})

it('leaves no listener behind', async () => {
  const before = process.listenerCount('SIGTERM')
  await expect(interruptible(() => Promise.reject(new Error('x')))).rejects.toThrow('x')
  expect(process.listenerCount('SIGTERM')).toBe(before)
})
