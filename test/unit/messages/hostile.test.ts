/** A megabyte of anything is answered within a second, and nothing of it comes back raw. */

import { expect, test } from 'vitest'
import { judgeMessage } from '../../../src/diagnose/messages/judge.ts'

const MEGABYTE = 1024 * 1024
const full = (piece: string): string => piece.repeat(Math.ceil(MEGABYTE / piece.length))
const lines = (line: (i: number) => string): string => Array.from({ length: MEGABYTE / 32 }, (_, i) => line(i)).join('\n')

const TEXTS: Readonly<Record<string, string>> = {
  'NULs': full('\0'), 'blanks': full(' '), 'newlines': full('\n'), 'backslashes': full('\\'), 'escaped newlines': full(String.raw`\n`), 'escaped quotes': full('\\"'),
  'open control sequences': full('\u001b['), 'one long control sequence': `\u001b[${full('1;')}`, 'open titles': full('\u001b]0;'), 'lone surrogates': full('\ud800'),
  'one letter': full('a'), 'one slash': full('/'), 'E': full('E'), 'brackets': full('['), 'quotes': full(`"'`), 'mixed quotes': full(`="`), 'quoting marks': full('> '),
  'the prefix of the kernel': full('overlayfs: '), 'open sentences': full("overlayfs: failed to resolve '"), 'sentences': lines((i) => `overlayfs: failed to resolve '/x${i}': -2`),
  'mount': full('mount '), 'mount: and no end': `mount: ${full('x')}: special device`, 'short lines': lines((i) => `mount ${i}`), 'unmounting': full('unmounting '), 'uid_map': full('uid_map '),
  'keys': full('lowerdir='), 'keys and colons': full('lowerdir=/a:'), 'open values': full('lowerdir="'), 'many options': full('lowerdir=a,'), 'many layers': `mount -t overlay o -o lowerdir=${full('/l:')} /m`,
  'dates': full('May 06 23:01:36 '), 'errno': full('errno '), 'Japanese': full('システムコール'), 'half a translation': full('el dispositivo especial '),
  'all at once': lines((i) => `${i} mount: /m${i}: overlay lowerdir=/a${i}:/b upperdir=/c network selinux x${i}: No such file`),
}

test.each(Object.entries(TEXTS))('%s', (_, text) => {
  const before = process.cpuUsage()
  const findings = judgeMessage(text)
  // Of the processor, not by the clock: others may be at work. The slowest takes a quarter of it; a catastrophe takes hours.
  const { user, system } = process.cpuUsage(before)
  expect(user + system).toBeLessThan(1_000_000)
  expect(findings.length).toBeGreaterThan(0)
  expect(JSON.stringify(findings).length).toBeLessThan(20_000)
})

test.each(['mount: /m: special device overlay does not exist.', `mount: ${full('/x')}: wrong fs type, bad option, bad superblock on o`, `${full('lowerdir=/a:')}\nmount: /m: wrong fs type, bad option`])('a kernel log full of long lines: %.40s', (text) => {
  const value = Array.from({ length: 4000 }, (_, i) => ({ time: i, text: i % 2 === 0 ? `overlayfs: failed to resolve '/${'x/'.repeat(400)}${i}': -2` : `overlay: Unknown parameter '${'\u001b[31m'.repeat(100)}${i}'` }))
  const before = process.cpuUsage()
  const findings = judgeMessage(text, { log: { known: true, value }, now: 5000, missing: [], inUserNamespace: false })
  const { user, system } = process.cpuUsage(before)
  expect(user + system).toBeLessThan(1_000_000)
  expect(JSON.stringify(findings)).not.toMatch(/\\u001b/)
})

test('escapes, controls and bidi marks of a text never come back', () => {
  const text = "\u001b[31moverlayfs: failed to resolve '/srv/\u001b]0;owned\u0007a\u202eb\u0000c\u009b2J': -2\u001b[0m"
  const shown = JSON.stringify(judgeMessage(text))
  expect(shown).not.toMatch(/\\u00[01]|[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/)
  expect(judgeMessage(text)[0]).toMatchObject({ code: 'lower-missing', title: "lower '/srv/abc' does not exist" })
})

test('a name from a text is a quoted word in a command', () => {
  const commands = judgeMessage("overlayfs: failed to resolve '/srv/$(touch /tmp/x); rm -rf ~': -2").flatMap(({ fix }) => fix.flatMap(({ command }) => command ?? []))
  expect(commands.filter((command) => command.includes('touch')).every((command) => command.includes(`'/srv/$(touch /tmp/x); rm -rf ~'`))).toBe(true)
})
