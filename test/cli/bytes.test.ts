/** Arguments are bytes: what is no UTF-8 reaches the command as it was typed, and stdout as base64 or escaped. */

import { expect, it } from 'vitest'
import { BIN, envelope, runChild } from '../support/command.ts'

/** Node can pass no such bytes to a child; a shell can. */
const shell = (words: string): ReturnType<typeof runChild> => runChild('bash', ['-c', `exec ${process.execPath} ${BIN} ${words}`])

it('keeps the bytes of a path', () => {
  const { data } = envelope(shell(String.raw`options --json --for mount2 -l $'/a\xff' -l /b`)) as { data: { text: { base64: string } } }
  expect(Buffer.from(data.text.base64, 'base64').toString('latin1')).toBe('lowerdir=/a\xff:/b')
})

it('keeps a real U+FFFD apart from them', () => {
  const { data } = envelope(shell(String.raw`options --json --for mount2 -l $'/a\xef\xbf\xbd' -l $'/\x80'`)) as { data: { text: { base64: string } } }
  expect(Buffer.from(data.text.base64, 'base64').toString('latin1')).toBe('lowerdir=/a\xef\xbf\xbd:/\x80')
})

it('shows them escaped to people', () => {
  expect(shell(String.raw`options --for mount2 -l $'/a\xff' -l $'/n\n\e[31m'`).stdout).toBe(String.raw`lowerdir=/a\xff:/n\n\x1b[31m` + '\n')
})

it('keeps text of an error text, with the bytes escaped', () => {
  const ran = shell(String.raw`umount --json $'/nonexistent/\xfe'`)
  expect(ran.code).toBe(32)
  expect(envelope(ran).error?.message).toContain(String.raw`/nonexistent/\xfe`)
})
