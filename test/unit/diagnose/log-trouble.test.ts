/** The newest trouble of a kernel log. */

import { expect, test } from 'vitest'
import { judgeTrouble, newestTrouble } from '../../../src/diagnose/log-trouble.ts'
import { facts } from './make-facts.ts'

const lines = (...texts: readonly string[]): { time: number; text: string }[] => texts.map((text, at) => ({ time: at * 1_000_000, text }))
const { spec: _, ...system } = facts({ paths: [] })
const told = (...texts: readonly string[]): string[] => judgeTrouble(newestTrouble(lines(...texts)), system, 60_000_000).map(({ code, confidence }) => `${code} ${confidence}`)

test.each([
  [['overlayfs: maximum fs stacking depth exceeded'], ['stack-too-deep likely']],
  [['overlayfs: maximum fs stacking depth exceeded', "overlayfs: failed to resolve '/x': -2"], ['lower-missing likely']],
  [["overlayfs: failed to resolve '/x': -2", 'overlayfs: upperdir is in-use as upperdir/workdir of another mount, accessing files from both mounts will result in undefined behavior.'], ['upper-in-use likely']],
  [['overlayfs: failed to create directory /w/work (errno: 28); mounting read-only'], ['work-dir-unusable likely']],
  [["overlayfs: cleanup of 'work/work' failed (-39)", 'overlayfs: failed to create directory /w/work (errno: 17); mounting read-only'], ['work-dir-unusable likely']],
  [['overlayfs: refusing to follow redirect for (/e)'], ['metacopy-mismatch likely']],
  [['overlayfs: "xino" feature enabled using 2 upper inode bits.', "overlayfs: fs on '/l' does not support file handles, falling back to xino=off."], []],
  [['ovl doctor[7]: begin of probes', 'overlayfs: maximum fs stacking depth exceeded', 'ovl doctor[7]: end of probes'], []],
  [['overlayfs: maximum fs stacking depth exceeded', 'ovl doctor[7]: begin of probes', "overlay: Unknown parameter 'x'", 'ovl doctor[7]: end of probes'], ['stack-too-deep likely']],
  [['ovl doctor[7]: begin of probes', 'overlayfs: maximum fs stacking depth exceeded'], ['stack-too-deep likely']],
])('%j', (texts, codes) => expect(told(...texts)).toEqual(codes))

test('says how long ago', () => {
  expect(judgeTrouble(lines('overlayfs: maximum fs stacking depth exceeded'), system, 60_000_000)[0]?.evidence.map(({ fact }) => fact)).toContain('60 seconds ago, in the kernel log')
})
