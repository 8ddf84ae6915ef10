/** A scratch directory in a directory of somebody else, who puts another one in its place while ovl works in it. */

import { lstatSync, mkdirSync, mkdtempSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { holdDirectory, makeDirectoryBelow } from '../../../src/host/beneath.ts'
import { makeScratch, openScratch } from '../../../src/host/scratch.ts'
import type { Scratch } from '../../../src/host/scratch.ts'
import { codeOf, makeGround } from './ground.ts'

const ground = makeGround()
const fresh = (): string => mkdtempSync(`${ground}/t`)

/** Somebody's directory with a scratch directory in it, and one with something to lose. */
function place(): { at: string; victim: string; scratch: Scratch } {
  const at = fresh()
  const victim = `${at}/victim`
  mkdirSync(victim)
  writeFileSync(`${victim}/keep`, 'x')
  const scratch = makeScratch(holdDirectory(at), 'scratch')
  makeDirectoryBelow(scratch.directory, 'work')
  mkdirSync(`${at}/scratch/work/deep`)
  writeFileSync(`${at}/scratch/work/deep/file`, 'x')
  symlinkSync(victim, `${at}/scratch/work/link`)
  return { at, victim, scratch }
}

test('what was tried leaves nothing, and follows no symlink on its way out', () => {
  const { at, victim, scratch } = place()
  scratch.remove()
  expect(readdirSync(at)).toEqual(['victim'])
  expect(readdirSync(victim)).toEqual(['keep'])
})

test.each(['a symlink', 'another directory'])('%s in its place is neither used nor emptied', (what) => {
  const { at, victim, scratch } = place()
  renameSync(`${at}/scratch`, `${at}/away`)
  if (what === 'a symlink') symlinkSync(victim, `${at}/scratch`)
  else renameSync(victim, `${at}/scratch`)
  expect(codeOf(() => openScratch(scratch.ref))).toBe('unsafe-path')
  expect(codeOf(() => scratch.remove())).toMatch(/^ENOT(DIR|EMPTY)$/)
  expect(readdirSync(`${at}/scratch`)).toEqual(['keep'])
  expect(readdirSync(`${at}/away`)).toEqual([])
})

test('it is for its maker alone, and cannot be one that is there already', () => {
  const at = fresh()
  const scratch = makeScratch(holdDirectory(at), 'scratch')
  expect(lstatSync(`${at}/scratch`).mode & 0o7777).toBe(0o700)
  expect(codeOf(() => makeScratch(holdDirectory(at), 'scratch'))).toBe('EEXIST')
  using again = openScratch(scratch.ref)
  expect(again.path).toBe(`${at}/scratch`)
  scratch.remove()
})
