/** The completion scripts load in their shells and complete what they should. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT, ovl, runChild } from '../support/command.ts'

const here = mkdtempSync(join(tmpdir(), 'ovl-completion-'))
beforeAll(() => {
  mkdirSync(join(here, 'dir1'))
  mkdirSync(join(here, 'dir2'))
})
afterAll(() => rmSync(here, { recursive: true }))

const has = (shell: string): boolean => runChild(shell, ['-c', 'true']).code === 0
const FILES = { bash: 'ovl.bash', zsh: '_ovl', fish: 'ovl.fish' } as const

/** Line → words that complete it; in bash those that readline puts after the last `=` or `:`. */
const CASES: readonly (readonly [line: string, bash: readonly string[], fish: readonly string[]])[] = [
  ['ovl mo', ['mount'], ['mount']],
  ['ovl mount --redir', ['--redirect-dir'], ['--redirect-dir', '--redirect-dir=']],
  ['ovl mount -u di', ['dir1', 'dir2'], ['dir1/', 'dir2/']],
  ['ovl options --for f', ['fsconfig', 'fstab'], ['fsconfig', 'fstab']],
  ['ovl options --for=f', ['fsconfig', 'fstab'], ['--for=fsconfig', '--for=fstab']],
  ['ovl mount --via mount2:r', ['relative'], ['mount2:relative']],
  ['ovl mount -o ro,meta', ['ro,metacopy='], ['ro,metacopy=']],
  ['ovl mount -o ro,metacopy=o', ['off', 'on'], ['ro,metacopy=off', 'ro,metacopy=on']],
  ['ovl mount -o nosuid,lowerdir=dir1:di', ['dir1', 'dir2'], ['nosuid,lowerdir=dir1:dir1/', 'nosuid,lowerdir=dir1:dir2/']],
  ['ovl options --for m', ['mount2', 'mount8'], ['mount2', 'mount8']],
  ['ovl completion z', ['zsh'], ['zsh']],
]

describe.each(['bash', 'zsh', 'fish'] as const)('%s', (shell) => {
  it.skipIf(!has(shell))('loads it, from the command and from the file of the build', () => {
    const { code, stdout } = ovl(['completion', shell])
    expect(code).toBe(0)
    expect(runChild('cat', [`${ROOT}dist/completions/${FILES[shell]}`]).stdout).toBe(stdout)
    expect(runChild(shell, ['-n', `${ROOT}dist/completions/${FILES[shell]}`])).toEqual({ code: 0, stdout: '', stderr: '' })
    const before = shell === 'zsh' ? 'autoload -Uz compinit && compinit -u -D &&' : ''
    expect(runChild(shell, ['-c', `${before} source ${ROOT}dist/completions/${FILES[shell]}`])).toEqual({ code: 0, stdout: '', stderr: '' })
  })
})

describe('bash completes', () => {
  it.each(CASES)('%s', (line, expected) => {
    const script = `source ${ROOT}dist/completions/ovl.bash; COMP_LINE=$1 COMP_POINT=\${#1}; _ovl; printf '%s\\n' "\${COMPREPLY[@]}"`
    expect(runChild('bash', ['-c', script, 'bash', line], { cwd: here }).stdout.split('\n').filter((word) => word !== '').sort()).toEqual(expected)
  })
})

describe.skipIf(!has('fish'))('fish completes', () => {
  it.each(CASES)('%s', (line, _bash, expected) => {
    const script = `source ${ROOT}dist/completions/ovl.fish; complete -C "${line}"`
    expect(runChild('fish', ['-c', script], { cwd: here }).stdout.split('\n').filter((word) => word !== '').map((word) => word.replace(/\t.*/, '')).sort()).toEqual(expected)
  })
})
