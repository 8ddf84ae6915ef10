/** What was mounted stays mounted when the result of it cannot be written, and one line says so. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { BIN } from '../../support/command.ts'
import { makeGround } from '../host/ground.ts'

const ground = makeGround()
for (const name of ['a', 'b', 'm']) mkdirSync(`${ground}/${name}`)
const target = `${ground}/m`

function toFull(...words: readonly string[]): { readonly status: number | null; readonly stderr: string } {
  const { status, stderr } = spawnSync('sh', ['-c', 'exec "$0" "$@" >/dev/full', process.execPath, BIN, ...words], { encoding: 'utf8' })
  return { status, stderr }
}

const isMounted = (): boolean => readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${target} `)
const LOST = 'error[output-failed]: cannot write to standard output: no space left on device (write: ENOSPC)'

test.each([['--json'], ['-v']])('mount %s, remount and umount', (how) => {
  expect(toFull('mount', how, '-l', `${ground}/a`, '-l', `${ground}/b`, target)).toEqual({ status: 2, stderr: `ovl mount: ${LOST}; '${target}' is mounted, and stays\n` })
  expect(isMounted()).toBe(true)
  expect(toFull('mount', how, '-l', `${ground}/none`, '-l', `${ground}/b`, target)).toMatchObject({ status: 32, stderr: expect.stringContaining('lower-missing') as unknown })
  expect(toFull('remount', how, target, '-o', 'ro,nodev')).toEqual({ status: 2, stderr: `ovl remount: ${LOST}; '${target}' is remounted\n` })
  expect(toFull('list', how)).toEqual({ status: 2, stderr: `ovl list: ${LOST}\n` })
  expect(toFull('inspect', how, target)).toEqual({ status: 2, stderr: `ovl inspect: ${LOST}\n` })
  expect(toFull('umount', how, target)).toEqual({ status: 2, stderr: `ovl umount: ${LOST}; '${target}' is unmounted\n` })
  expect(isMounted()).toBe(false)
})

test('a success that says nothing needs no output', () => {
  expect(toFull('mount', '-l', `${ground}/a`, '-l', `${ground}/b`, target)).toEqual({ status: 0, stderr: '' })
  expect(toFull('umount', target)).toEqual({ status: 0, stderr: '' })
})
