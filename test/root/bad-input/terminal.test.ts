/** Names that would drive a terminal, through every command: what people read and what JSON carries holds nothing that moves, colours, reverses or hides. */

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { decodeName, encodeName } from '../../../src/names/bytes.ts'
import { quoteShell } from '../../../src/names/shell.ts'
import { COMMANDS } from '../../../src/cli/commands/index.ts'
import { BIN } from '../../support/command.ts'
import { makeGround } from '../host/ground.ts'

const ground = makeGround()
/** ESC and CSI, OSC with BEL, BS, CR, a newline, DEL, C1 CSI, NEL, the raw byte, line and paragraph separators, bidi overrides and isolates, zero width, soft hyphen. */
const PARTS: readonly string[] = ['\u001b[31m', '\u001b]0;title\u0007', '\b\b', '\r', '\n', '\u007f', '\u009b31m', '\u0085', '\udc9b', '\u2028\u2029', '\u202e\u2066', '\u200b\u00ad', '\u061c']
const EVIL = `e${PARTS.join('x')}`
/** What words of a command can carry as text. */
const EVIL_UTF8 = `e${PARTS.filter((part) => part !== '\udc9b').join('x')}`
const UNSEEN = /[^\n\P{Cc}]|[\p{Cf}\p{Zl}\p{Zp}]/u

// The file system has such a name, too.
mkdirSync(`${ground}/disk`)
execFileSync('mount', ['-t', 'tmpfs', EVIL_UTF8, `${ground}/disk`])

function make(name: string): string {
  const path = `${ground}/disk/${name}${EVIL}`
  mkdirSync(encodeName(path), { recursive: true })
  return path
}

const [lower, other, upper, work, target] = ['l', 'o', 'u', 'w', 'm'].map(make) as [string, string, string, string, string]
const named = (path: string): string => `'${path.replaceAll("'", String.raw`'\''`)}'`
/** By a shell script, because node hands over words in UTF-8 only. */
function ovl(words: readonly string[], env: Readonly<Record<string, string>> = {}): { readonly out: Buffer; readonly code: number | null } {
  writeFileSync(`${ground}/call.sh`, encodeName(`exec ${named(process.execPath)} ${named(BIN)} ${words.map(named).join(' ')} 2>&1\n`))
  const { stdout, status } = spawnSync('sh', [`${ground}/call.sh`], { cwd: ground, env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', COLUMNS: '100', ...env } })
  return { out: stdout, code: status }
}

/** For each command several ways to make it speak of the names. */
const CALLS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  mount: [['-l', lower, '-l', other, target, '-v', '--dry-run'], ['-l', `${lower}/none`, '-l', other, target], ['-l', lower, '-l', other, '-o', `${EVIL_UTF8}=1`, target], ['-l', lower, '-l', other, '-u', upper, '-w', work, '-v', target]],
  list: [[]], inspect: [[target], [`${target}/none`]], remount: [[target, '-o', `ro,${EVIL_UTF8}`], [target, '-o', 'ro', '-v']],
  options: [['-l', lower, '-l', other, '--explain'], ['-l', lower, '-l', other, '--for', 'fsconfig'], ['-l', lower, '--for', EVIL_UTF8]],
  diagnose: [['-l', `${lower}/none`, '-l', other, target], ['--target', target], ['--message', `mount: ${EVIL}: wrong fs type, bad option, bad superblock on overlay`], ['--code', EVIL_UTF8]],
  doctor: [[lower]], fstab: [['-l', `${ground}/a`, '-l', `${ground}/b`, `${ground}/m\u009b\u202e`, '-v'], ['-l', lower, '-l', other, target], ['-l', lower, '-l', other, target, '--helper', '-v', '--dry-run'], ['--lint=evil.fstab', '-v'], ['--remove', target]],
  unit: [['-l', lower, '-l', other, target, '-v'], ['-l', `${ground}/a\u009b`, '-l', `${ground}/b\u202e`, `${ground}/m\u0085`, '-v'], ['-l', lower, '-l', other, target, '--helper', `--write=${lower}/none`]],
  'live plan': [[lower], [`${lower}/none`]], 'live mount': [[lower, target]], 'live enter': [[lower]], 'live pack': [[lower, `${ground}/${EVIL}.squashfs`]], 'live status': [[lower]], 'live umount': [[lower]],
  root: [[`${lower}/none`, '--dry-run'], [`${lower}/none`], ['--boot', lower]], completion: [[EVIL_UTF8]],
  umount: [[lower], [target, '--dry-run'], [target, '-v']],
}

writeFileSync(`${ground}/evil.fstab`, encodeName(`overlay ${EVIL.replaceAll('\n', '\\012')} overlay lowerdir=/none${EVIL.replaceAll('\n', '\\012')}:/usr,${EVIL.replaceAll('\n', '')} 0 0\n`))

test('every command is here', () => expect(Object.keys(CALLS).sort()).toEqual(COMMANDS.map(({ name }) => name).sort()))

// umount comes last: the others look at what is mounted.
test.each(Object.entries(CALLS))('ovl %s', (name, calls) => {
  for (const words of calls) {
    for (const how of words.includes('-v') && (name === 'umount' || name === 'mount') ? [[]] : [['--json'], []]) {
      const { out, code } = ovl([...name.split(' '), ...how, ...words])
      const text = decodeName(out)
      expect([name, ...words, ...how, UNSEEN.exec(text)?.[0], text.match(/[\udc80-\udcff]/)?.[0]], JSON.stringify(text.slice(0, 2000))).toEqual([name, ...words, ...how, undefined, undefined])
      expect(code).not.toBe(null)
      if (how.length > 0) JSON.parse(text.split('\n').find((line) => line.startsWith('{')) ?? '')
    }
  }
})

test('a command that is offered can be pasted', () => {
  for (const part of [...PARTS, EVIL]) {
    const quoted = quoteShell(`a${part}b`)
    expect(UNSEEN.test(quoted), JSON.stringify(quoted)).toBe(false)
    expect(spawnSync('bash', ['-c', `printf %s ${quoted}`]).stdout).toEqual(encodeName(`a${part}b`))
  }
})
