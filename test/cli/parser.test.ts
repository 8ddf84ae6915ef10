/** The two readers of a command line agree: yargs' parser alone, and yargs. */

import { describe, expect, it } from 'vitest'
import { isOvlError } from '../../src/errors/ovl-error.ts'
import { splitCommand } from '../../src/cli/command-name.ts'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import type { CommandDef, Words } from '../../src/cli/define.ts'
import { canonicalCall, parseQuickly, parseWithYargs } from '../../src/cli/parser.ts'

const command = (name: string): CommandDef => COMMANDS.find((row) => row.name === name) as CommandDef
/** A command with words of its own after `--`, as `run` and `diagnose` will be. */
const WITH_REST: CommandDef = { ...command('mount'), rest: true, positionals: { min: 0, value: { name: 'WORD', kind: 'text' } } }

const NOTHING: Words = { flag: {}, text: {}, list: {}, positionals: [] }

const WELL_FORMED: readonly (readonly [argv: readonly string[], words: Partial<Words>, of?: CommandDef])[] = [
  [['t'], { positionals: ['t'] }],
  [['-l', 'a', '-l', 'b', '--lower', 'c', '--lower=d', 't'], { list: { lower: ['a', 'b', 'c', 'd'] }, positionals: ['t'] }],
  [['-la', '-l=b', 't'], { list: { lower: ['a', 'b'] }, positionals: ['t'] }],
  [['-l/a/b', 't', '-u', 'up', '-wwork'], { list: { lower: ['/a/b'] }, text: { upper: 'up', work: 'work' }, positionals: ['t'] }],
  [['--data', 'x', '--data=y', 't'], { list: { data: ['x', 'y'] }, positionals: ['t'] }],
  [['-o', 'ro,lowerdir=a:b', '-oindex=on', 't'], { list: { options: ['ro,lowerdir=a:b', 'index=on'] }, positionals: ['t'] }],
  [['--lower=-x', '--upper=--y', 't'], { list: { lower: ['-x'] }, text: { upper: '--y' }, positionals: ['t'] }],
  [['-l', '-', 't'], { list: { lower: ['-'] }, positionals: ['t'] }],
  [['--lower=', 't'], { list: { lower: [''] }, positionals: ['t'] }],
  [['-l', '', ''], { list: { lower: [''] }, positionals: [''] }],
  [['-rv', '--mkdir', 't'], { flag: { 'read-only': true, verbose: true, mkdir: true }, positionals: ['t'] }],
  [['-rvla', 't'], { flag: { 'read-only': true, verbose: true }, list: { lower: ['a'] }, positionals: ['t'] }],
  [['-t', 'overlay', 'src', 't'], { text: { type: 'overlay' }, positionals: ['src', 't'] }],
  [['--types=overlayfs', 't'], { text: { type: 'overlayfs' }, positionals: ['t'] }],
  // Values stay what they are.
  [['--size', '007', '--label', 'true', '--source', '1e3', '-u', '0x10', '12'], { text: { size: '007', label: 'true', source: '1e3', upper: '0x10' }, positionals: ['12'] }],
  [['--tmpfs', 'true'], { flag: { tmpfs: true }, positionals: ['true'] }],
  [['-r', 'false'], { flag: { 'read-only': true }, positionals: ['false'] }],
  [['-u', '-5', '-6'], { text: { upper: '-5' }, positionals: ['-6'] }],
  [["--lower='quoted'", '--upper="x"', "'t'"], { list: { lower: ["'quoted'"] }, text: { upper: '"x"' }, positionals: ["'t'"] }],
  [['-l', 'a=b', '--upper=c=d', 'e=f'], { list: { lower: ['a=b'] }, text: { upper: 'c=d' }, positionals: ['e=f'] }],
  [['-l', 'a\nb', '--upper=\n', 'new\nline'], { list: { lower: ['a\nb'] }, text: { upper: '\n' }, positionals: ['new\nline'] }],
  [['-l', 'b\udcff', '--upper=\udc80', '\udcfe'], { list: { lower: ['b\udcff'] }, text: { upper: '\udc80' }, positionals: ['\udcfe'] }],
  [['-l', 'a b', '  '], { list: { lower: ['a b'] }, positionals: ['  '] }],
  [['--source', '__proto__', 'constructor'], { text: { source: '__proto__' }, positionals: ['constructor'] }],
  // The typed twins.
  [['--metacopy', 't'], { text: { metacopy: 'on' }, positionals: ['t'] }],
  [['--metacopy', 'off', 't'], { text: { metacopy: 'off' }, positionals: ['t'] }],
  [['--metacopy=off', '--redirect_dir=nofollow', 't'], { text: { metacopy: 'off', 'redirect-dir': 'nofollow' }, positionals: ['t'] }],
  [['--index', '--volatile', '--nfs_export=on', 't'], { text: { index: 'on', 'nfs-export': 'on' }, flag: { volatile: true }, positionals: ['t'] }],
  [['--fsync', 'auto', '--uuid=null', 't'], { text: { fsync: 'auto', uuid: 'null' }, positionals: ['t'] }],
  [['--color', 't'], { text: { color: 'always' }, positionals: ['t'] }],
  [['--color', 'never', 't'], { text: { color: 'never' }, positionals: ['t'] }],
  [['t', '--json', '-q'], { flag: { json: true, quiet: true }, positionals: ['t'] }],
  // The end of options.
  [['-l', 'a', '--', '-t', '--json'], { list: { lower: ['a'] }, positionals: ['-t', '--json'] }],
  [['--', '--', 't'], { positionals: ['--', 't'] }],
  [['x', '--', 'mount', '-t', 'overlay'], { positionals: ['x'], rest: ['mount', '-t', 'overlay'] }, WITH_REST],
  [['a', 'b', '-R', '-l'], { flag: { recursive: true, lazy: true }, positionals: ['a', 'b'] }, command('umount')],
  [[], {}, command('list')],
]

describe('a well-formed call', () => {
  for (const [argv, words, of = command('mount')] of WELL_FORMED) {
    it(`${of.name} ${argv.map((word) => JSON.stringify(word)).join(' ')}`, async () => {
      const canonical = canonicalCall(of, argv)
      expect(parseQuickly(of, canonical)).toEqual({ ...NOTHING, ...words })
      expect(await parseWithYargs(of, canonical)).toEqual({ ...NOTHING, ...words })
    })
  }
})

const MALFORMED: readonly (readonly [argv: readonly string[], message: RegExp, hint: RegExp, of?: string])[] = [
  [[], /^TARGET is missing$/, /see ovl mount --help/],
  [['-l'], /value is missing: --lower/, /mount --help/],
  [['-l', '-u', 'x', 't'], /value is missing: --lower/, /mount --help/],
  [['t', '-l', '--'], /value is missing: --lower/, /mount --help/],
  [['--lowr', 'a', 't'], /unknown option: --lowr/, /did you mean --lower\?/],
  [['--lowr=a', 't'], /unknown option: --lowr$/, /did you mean --lower\?/],
  [['--read_onl', 't'], /unknown option: --read_onl/, /did you mean --read-only\?/],
  [['-k', 't'], /unknown option: -k/, /mount --help/],
  [['-rk', 't'], /unknown option: -k/, /mount --help/],
  [['--no-mkdir', 't'], /unknown option: --no-mkdir/, /mount --help/],
  [['--_=x', 't'], /unknown option: --_/, /mount --help/],
  [['--__proto__=x', 't'], /unknown option: --__proto__/, /mount --help/],
  [['--upper.x=y', 't'], /unknown option: --upper.x/, /did you mean --upper\?/],
  [['--mkdir=yes', 't'], /takes no value: --mkdir/, /mount --help/],
  [['-r=x', 't'], /takes no value: --read-only/, /mount --help/],
  [['-u', 'a', '-u', 'b', 't'], /given twice: --upper/, /mount --help/],
  [['--redirect-dir=on', '--redirect_dir=off', 't'], /given twice: --redirect-dir/, /mount --help/],
  [['x'], /takes none/, /list --help/, 'list'],
  [['a', 'b'], /at most 1/, /inspect --help/, 'inspect'],
  [[], /^SHELL is missing$/, /completion --help/, 'completion'],
]

describe('a malformed call', () => {
  for (const [argv, message, hint, of = 'mount'] of MALFORMED) {
    it(`${of} ${argv.join(' ')}`, async () => {
      const canonical = canonicalCall(command(of), argv)
      expect(parseQuickly(command(of), canonical)).toBeUndefined()
      const error: unknown = await parseWithYargs(command(of), canonical).catch((thrown: unknown) => thrown)
      if (!isOvlError(error)) throw new Error(`no OvlError but ${JSON.stringify(error)}`)
      expect(error.code).toBe('usage')
      expect(error.message).toMatch(message)
      expect(error.details.hint).toMatch(hint)
    })
  }
})

describe('every example', () => {
  for (const row of COMMANDS) {
    for (const [example] of row.examples) {
      it(example, () => {
        const words = /^(?:source <\()?ovl (.*?)(?:\)| \| source)?$/.exec(example)?.[1] ?? ''
        const call = splitCommand(words.split(' ').filter((word) => word !== ''), COMMANDS)
        expect(call.said.join(' ')).toBe(row.name)
        expect(parseQuickly(row, canonicalCall(row, call.words))).toBeDefined()
      })
    }
  }
})
