/** Commands are there to be pasted: whatever the names are that they hold, a shell takes them as names. */

import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { judgeFailure } from '../../../src/diagnose/judge.ts'
import { judgeMessage } from '../../../src/diagnose/messages/judge.ts'
import type { Finding } from '../../../src/errors/finding.ts'
import { DISKS, ROWS } from '../fstab/lint-rows.ts'
import { lint } from '../fstab/lint-facts.ts'
import { directory, facts, known, overlay, paths, refused } from './make-facts.ts'

/** What a command has outside of quotes: there a shell would obey it. */
const obeyed = (command: string): string => command.replaceAll(/\\.|\$'(?:[^'\\]|\\.)*'|'[^']*'/gs, "''")
const bad = (findings: readonly Finding[]): string[] => findings.flatMap(({ fix }) => fix.flatMap(({ command }) => (command !== undefined && /evil/.test(obeyed(command)) ? [command] : [])))

const START = ['', '~', '~/', '~me/', '~me.you/', '$HOME/', '%HOME%', '-', "'", '"', '`', '{a,', '/', '//', './', 'l1:', '\\']
const ORDERS = ['$(evil)', '`evil`', ';evil', '|evil', '&evil', '\nevil\n', '>evil', " 'evil", "'$(evil)'", "\\'$(evil)", '#evil', '{evil,x}', '*evil', '\u001b$(evil)']
const END = ['', '"', "'", '/x', '}', '.img', ' (deleted)']
const name = fc.tuple(fc.constantFrom(...START), fc.constantFrom(...ORDERS), fc.constantFrom(...END)).map((parts) => parts.join(''))

test('an order is seen where it is none of the quoted', () => {
  expect(['echo $(evil)', "echo 'a'$(evil)'b'", "echo '$(evil)'", String.raw`echo 'it'\''s $(evil)'`, String.raw`echo $'\'$(evil)'`].map((command) => obeyed(command).includes('evil'))).toEqual([true, true, false, false, false])
})

test('of a failure', () => {
  const errno = fc.constantFrom('ENOENT', 'EACCES', 'ELOOP', 'ENOTDIR', 'EIO', 'ENOTCONN')
  const trial = fc.record({
    syscall: fc.constantFrom('mount', 'open', 'fsconfig(CMD_CREATE)', 'move_mount', 'mkdir'), errno: fc.constantFrom('EPERM', 'ENOENT', 'EIO', 'EACCES', 'EBUSY', 'ENODEV', 'ENOTDIR', 'EINVAL', 'ENOSPC', 'EROFS', 'ELOOP', 'ESTALE'),
  })
  fc.assert(fc.property(fc.array(name, { minLength: 5, maxLength: 5 }), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), errno, trial, fc.constantFrom('directory', 'file', 'block', 'socket'), fc.constantFrom('ext4', 'tmpfs', 'overlay', 'fuse.sshfs', 'vfat'), ([lower = '', upper = '', work = '', target = '', option = ''], missing, error, tried, kind, fsType) => {
    const change = { kind, fsType: known(fsType), mountPoint: known(upper), mountReadOnly: known(missing[0] === true), free: known({ bytes: '0', inodes: '0', totalInodes: '5' }), culprit: lower, via: { link: lower, to: upper } } as const
    const found = (role: 'lower' | 'upper' | 'work' | 'target', path: string, at: number) => (missing[at] === true ? refused(role, path, error, { absolute: `/here/${path}`, culprit: `/here/${path}` }) : directory(role, path, { absolute: `/here/${path}`, ...(role === 'target' ? {} : change) }))
    const spec = { lower: [{ path: lower }, { path: '/l2' }], upper, work, target, source: option, unknown: [{ key: option.replaceAll(/[=,]/g, '-'), value: option }] }
    const findings = judgeFailure(facts({
      spec, paths: paths(found('lower', lower, 0), found('upper', upper, 1), found('work', work, 2), found('target', target, 3)), cwd: '/here',
      joined: [{ path: `${lower}:${upper}`, parts: [lower, upper], separator: ':' }],
      overlays: known([overlay({ id: 7, target, upper, work })]), holders: known([{ mountId: 7, target, role: 'upper', path: upper, device: '1', inode: '2', place: known({ superblock: '8:1', path: upper }) }]),
      trial: { ...tried, kernel: known([`overlayfs: failed to resolve '${lower}': -2`, `overlayfs: failed to create directory ${work}/work (errno: 17); mounting read-only`]) },
    }))
    expect(bad(findings)).toEqual([])
  }), { numRuns: 2000 })
})

test('of a text', () => {
  const texts = ['cases.json', 'more.json'].flatMap((file) => JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/messages', file), 'utf8')) as readonly { readonly text: string }[])
  const found = texts.flatMap(({ text }, at) => ['$(evil)', '`evil`', ';evil', "'$(evil)"].flatMap((order) => [
    text.replaceAll(/\/[\w.-]+/g, (path) => `${path}${order}`), text.replaceAll(/(dir=|[\s:'"])~?\/\w/g, (path) => `${path.slice(0, -2)}~/${order}/`), text.replaceAll(/\b[a-z]{4,}dir=/g, (key) => `${order}${key}`),
  ].flatMap((changed) => bad(judgeMessage(changed)).map((command) => `${at}: ${command}`))))
  expect(found).toEqual([])
})

test.each(ROWS.map(([title, line, , scene]) => ({ title, line, scene })))('of a line of fstab: $title', ({ line, scene }) => {
  for (const order of ['$(evil)', '`evil`', ';evil', "'$(evil)", '"$(evil)']) {
    const [source = '', target = '', ...rest] = line.split(' ')
    const changed = [source, `${target}${order}`, ...rest.map((field) => field.replaceAll(/(?<=[=:])[~/$][^:,]*/g, (path) => `${path}${order}`))].join(' ')
    const lines = lint(`${DISKS}${changed}\n`, scene)
    expect([...bad(lines.flatMap(({ findings }) => findings)), ...lines.flatMap(({ corrected }) => corrected?.command ?? []).filter((command) => /evil/.test(obeyed(command)))]).toEqual([])
  }
})

test.each([
  ['~/$(evil)/u', String.raw`printf '%s\n' ~/'$(evil)/u'`], ['~me.you/u', String.raw`printf '%s\n' ~me.you/u`], ['~', String.raw`printf '%s\n' ~`],
  ['$HOME/`evil`', String.raw`printf '%s\n' "$HOME"`], ['${HOME}', String.raw`printf '%s\n' "$HOME"`], ['$(evil)', undefined], ['~a+b/$(evil)', undefined],
])('what is left to the shell of %s', (path, command) => {
  const shown = judgeFailure(facts({ spec: { upper: path }, paths: paths(refused('upper', path, 'ENOENT')) })).flatMap(({ fix }) => fix).find(({ text }) => text.startsWith('See what the shell'))
  expect(shown?.command).toBe(command)
})
