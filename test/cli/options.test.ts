/** `ovl options --explain`: escapes, limits and shortening are those of the encoding that was asked for, and what it advises can be typed. */

import { describe, expect, it } from 'vitest'
import { envelope, ovl } from '../support/command.ts'

const explained = (...args: string[]): string => ovl(['options', '--explain', ...args]).stdout.split('\n\n')[1] ?? ''

describe('escapes', () => {
  const layers = ['-l', '/a:b,c', '-l', '/d e', '-u', String.raw`/u\v`, '-w', '/w']

  it('of fsconfig: a layer of its own needs none, upper doubles its backslash', () => {
    const text = explained('--for', 'fsconfig', ...layers)
    expect(text).toContain(String.raw`'/u\v' is written /u\\v`)
    expect(text).not.toContain('/a:b,c')
  })

  it('of mount(2): colon, comma and backslash', () => {
    expect(explained('--for', 'mount2', ...layers)).toContain(String.raw`/a:b,c is written /a\:b\,c`)
  })

  it('of fstab: those of the file on top', () => {
    const text = explained('--for', 'fstab', '-l', '/a:b', '-l', '/d e')
    expect(text).toContain(String.raw`/a:b is written /a\134:b`)
    expect(text).toContain(String.raw`'/d e' is written /d\040e`)
    // What mount(8) makes of the line goes through mount(2) or fsconfig, with their limits.
    expect(text).not.toContain('no such limit')
  })
})

describe('shortening', () => {
  const layers = (root: string, length: number): string[] => Array.from({ length: 60 }, (_, at) => ['-l', `${root}/${String(at).padStart(length, '0')}`]).flat()

  it('by a common directory says where the text holds', () => {
    const { stdout, stderr } = ovl(['options', '--for', 'mount2', ...layers(`/store/${'x'.repeat(60)}`, 20)])
    expect(stdout).toMatch(/^lowerdir=0+:0+1:/)
    expect(stderr).toMatch(/^note\[options-too-long\]: the names are relative to '\/store\/x+'/)
  })

  it('by descriptors says that the numbers are stand-ins', () => {
    const args = ['options', '--for', 'mount2', ...layers('/store', 100)]
    expect(ovl(args).stderr).toMatch(/^note\[options-too-long\]: the layers are named by numbers/)
    expect(explained(...args.slice(1))).toMatch(/shortened +numbers of descriptors.*: \d{4} bytes before, \d+ after\n +run it in +\/proc\/self\/fd/)
    expect(envelope(ovl([...args, '--json'])).data).toMatchObject({ form: 'proc-fd', cwd: '/proc/self/fd', shortened: { directory: '/proc/self/fd' } })
  })
})

it('refuses with a word that ovl options has', () => {
  const { code, stderr } = ovl(['options', '-l', '/a"b', '-l', '/c'])
  expect(code).toBe(1)
  expect(stderr).toContain('ovl options --for')
})

it('gives the whole word back that should have been written', () => {
  expect(ovl(['options', '-o', 'lowerdir:/a:/b,upperdir=/u,workdir=/w']).stderr).toContain('Write lowerdir=/a:/b')
})

it('names an empty word first, and what may have emptied it', () => {
  const { stderr } = ovl(['options', '-l', '', '-l', '/b'])
  expect(stderr).toMatch(/^ovl options: error\[option-bad-value\]: lower is an empty string\n {2}Names on Linux/)
  expect(ovl(['options', '-l', '']).stderr).not.toContain('single-lower')
})
