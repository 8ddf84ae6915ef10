/** What the built command answers where no mount is needed: version, exit codes, envelopes, streams, colour. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ROOT, envelope, ovl, runChild } from '../support/command.ts'

const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { version: string }

describe('--version', () => {
  it.each([[['--version']], [['-V']], [['mount', '--version']], [['--json', '--version']]])('%j', (args) => {
    expect(ovl(args)).toEqual({ code: 0, stdout: `ovl ${version}\n`, stderr: '' })
  })
})

describe('a usage error', () => {
  it.each([
    [[], /^ovl: a command is missing\n {2}see ovl --help\n$/],
    [['mont'], /^ovl: there is no command 'mont'\n {2}did you mean mount\? See ovl --help\n$/],
    [['--frob'], /^ovl: unknown option: --frob\n/],
    [['mount'], /^ovl mount: TARGET is missing\n {2}see ovl mount --help\n$/],
    [['mount', '-l', 'a', '-l', 'b', '--via', 'mont2', 't'], /^ovl mount: there is no way 'mont2' into the kernel\n/],
    [['list', '--color=alwys'], /^ovl list: --color knows auto, always, never, not 'alwys'\n {2}did you mean always\?/],
    [['options', '-l', 'a', '-l', 'b', '--for', 'fsconfg'], /^ovl options: --for knows mount2, .*\n {2}did you mean fsconfig\?/],
    [['umount', '--stale', 'x'], /^ovl umount: --stale takes no TARGET\n/],
    [['umount'], /^ovl umount: TARGET is missing\n/],
    [['live', 'pack', 'x'], /^ovl live pack: words are missing: ovl live pack TARGET OUT\.squashfs\|OUT\.iso \[--layer\]\n/],
    [['remount', '/'], /^ovl remount: -o is missing/],
    [['completion', 'tcsh'], /^ovl completion: completions are there for bash, zsh, fish, not for 'tcsh'\n/],
  ])('%j is exit 1, one message on stderr, nothing on stdout', (args, message) => {
    const { code, stdout, stderr } = ovl(args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(message)
  })

  it('is an envelope with --json, wherever that stands', () => {
    for (const args of [['--json', 'mount', '--lowr'], ['mount', '--lowr', '--json']]) {
      const ran = ovl(args)
      expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 1, stderr: '' })
      expect(envelope(ran)).toEqual({
        schema: 'ovl/1', kind: 'error', ok: false, data: null, warnings: [],
        error: { code: 'usage', message: 'unknown option: --lowr', hint: 'did you mean --lower? See ovl mount --help', findings: [] },
      })
    }
  })
})

describe('a failure', () => {
  it('of words that overlay could not mean is exit 32, with its findings', () => {
    const ran = ovl(['mount', '--json', '-l', 'only', '/t'])
    expect(ran.code).toBe(32)
    expect(envelope(ran)).toMatchObject({ kind: 'error', ok: false, data: null, error: { code: 'single-lower-without-upper', findings: [{ code: 'single-lower-without-upper', severity: 'error' }] } })
  })

  it('is shown as a compiler does: what, why, way out', () => {
    const { code, stdout, stderr } = ovl(['mount', '-l', 'only', '/t'])
    expect({ code, stdout }).toEqual({ code: 32, stdout: '' })
    expect(stderr).toMatch(/^ovl mount: error\[single-lower-without-upper\]: .*'only'.*\n {2}One lower/)
    expect(stderr).toMatch(/^ {2}fix +\S/m)
    expect(stderr).toMatch(/^ {2}read +https:/m)
    // Titles, commands and addresses are never broken.
    expect(stderr.split('\n').slice(1).filter((line) => line.length > 80 && !/\$ |https:/.test(line))).toEqual([])
  })

  it('of a read command is exit 1', () => {
    expect(ovl(['inspect', '/nonexistent']).code).toBe(1)
    expect(ovl(['list', 'x']).code).toBe(1)
  })

  it('of every target of umount is exit 32, and names each', () => {
    const { code, stderr } = ovl(['umount', '/nonexistent/a', '/nonexistent/b'])
    expect(code).toBe(32)
    expect(stderr).toContain('/nonexistent/a')
    expect(stderr).toContain('/nonexistent/b')
  })
})

describe('options', () => {
  it('gives the string alone on stdout', () => {
    expect(ovl(['options', '-l', 'a:b', '-l', '/c', '--for', 'mount2'])).toEqual({ code: 0, stdout: 'lowerdir=/a\\:b:/c\n', stderr: '' })
  })

  it('explains with --explain', () => {
    const { stdout } = ovl(['options', '-l', 'a:b', '-l', '/c', '--for', 'mount2', '--explain'])
    expect(stdout).toMatch(/^lowerdir=.*\n\n {2}for +mount2 \(absolute\)\n {2}bytes +17 of 4095\n {2}escapes +\/a:b is written \/a\\:b\n$/)
  })

  it('shows the calls of fsconfig', () => {
    expect(ovl(['options', '-l', '/a', '-l', '/b', '--for=fsconfig', '--volatile', '-u', '/u']).stdout).toMatch(/^fsconfig\(fs, FSCONFIG_SET_STRING, "lowerdir\+", "\/a", 0\)\n(.*\n)+fsconfig\(fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0\)\n$/)
  })

  it('is an envelope with --json', () => {
    expect(envelope(ovl(['options', '-l', '/a', '-l', '/b', '--json']))).toMatchObject({ schema: 'ovl/1', kind: 'options', ok: true, data: { for: 'mount8', text: 'lowerdir=/a:/b' }, warnings: [], error: null })
  })
})

const colored = (args: readonly string[], env: Record<string, string>): boolean => ovl(['mont', ...args], { env }).stderr.includes('\u001b[')
const onTerminal = (env: Record<string, string>): string => runChild('script', ['-qec', `${process.execPath} ${ROOT}bin/ovl.js mont`, '/dev/null'], { env: { TERM: 'xterm', ...env } }).stdout

describe('colour', () => {
  it.each([
    [[], {}, false],
    [[], { FORCE_COLOR: '1' }, true],
    [[], { FORCE_COLOR: '0' }, false],
    [[], { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    [[], { NO_COLOR: '1' }, false],
    [['--color'], { NO_COLOR: '1' }, true],
    [['--color=always'], {}, true],
    [['--color', 'never'], { FORCE_COLOR: '1' }, false],
    [['--color=auto'], { FORCE_COLOR: '1' }, true],
  ])('%j %j → %s', (args, env, expected) => {
    expect(colored(args, env)).toBe(expected)
  })

  it('comes by itself on a terminal, and not with NO_COLOR or on a dumb one', () => {
    expect(onTerminal({})).toContain('\u001b[1movl:')
    expect(onTerminal({ NO_COLOR: '1' })).not.toContain('\u001b[1m')
    expect(onTerminal({ TERM: 'dumb' })).not.toContain('\u001b[1m')
  })
})

it('does not mind a reader that goes away', () => {
  const { stderr } = runChild('bash', ['-c', `{ ${process.execPath} ${ROOT}bin/ovl.js completion bash; echo "$?" >&2; } | true`])
  expect(stderr).toBe('0\n')
})

it('says so when the disk behind stdout is full', () => {
  const { code, stderr } = runChild('sh', ['-c', `${process.execPath} ${ROOT}bin/ovl.js completion bash > /dev/full`])
  expect({ code, stderr }).toEqual({ code: 2, stderr: 'ovl completion: error[output-failed]: cannot write to standard output: no space left on device (write: ENOSPC)\n' })
})

it('writes more than a pipe holds', () => {
  const lowers = Array.from({ length: 400 }, (_, at) => ['-l', `/${'x'.repeat(250)}${at}`]).flat()
  const { code, stdout } = ovl(['options', '--json', '--for', 'fsconfig', ...lowers])
  expect(code).toBe(0)
  expect(stdout.length).toBeGreaterThan(100_000)
  expect(stdout.endsWith('}\n')).toBe(true)
})
