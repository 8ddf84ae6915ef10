// The guest as seen from this machine: QEMU's serial line in, records out.

import { bootMachine } from './boot.mjs'

/** Repeats the random tests of a run. */
const SEED = process.env.OVL_SEED === undefined ? [] : [`OVL_SEED=${process.env.OVL_SEED}`]

/**
 * Boots and calls `on.boot(seconds)`, `on.test(record)` and `on.line(text)` as they come. Resolves when QEMU has gone with
 * { ended, lost }: the exit status of `node --test` if the guest said it, and a sentence if the guest went without.
 */
export async function runGuest({ kernel, initramfs, disk, seconds }, on) {
  const machine = bootMachine({
    kernel, initramfs, disks: [disk], seconds,
    // oops=panic panic=-1: a kernel bug ends the guest at once, as -no-reboot makes of the reboot a power off.
    // loglevel=1: what overlay logs is read from /dev/kmsg; on the serial line it would only take time.
    // What the kernel does not know itself it hands to init as environment.
    append: ['console=ttyS0 loglevel=1 oops=panic panic=-1 mitigations=off', ...SEED].join(' '),
  })

  let ended
  let panic
  let booted = false
  const early = []
  for await (const text of machine.lines) {
    const [, kind, rest] = /^@(boot|test|end) (.*)$/.exec(text) ?? []
    if (kind === 'boot') { booted = true; on.boot(Number(rest)) }
    else if (kind === 'test') on.test(JSON.parse(rest))
    else if (kind === 'end') ended = Number(rest)
    else if (!booted) early.push(text)
    // After the end mark there is only the kernel's word that the power goes.
    else if (ended === undefined && text.trim() !== '') on.line(text)
    panic ??= /Kernel panic.*/.exec(text)?.[0]
  }
  const { timedOut } = await machine.ended

  // What came before the tests is firmware and boot noise, until it did not come to the tests.
  if (!booted) early.forEach(on.line)
  const lost = timedOut ? `the guest took longer than ${seconds} s`
    : panic ? `the guest's kernel panicked: ${panic}`
    : ended === undefined ? 'the guest ended without its end mark'
    : undefined
  return { ended, lost }
}
