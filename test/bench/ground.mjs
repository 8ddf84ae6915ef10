/** Where the rows work: a tmpfs of its own, the layers of a small overlay on it, and the C peer if it can be compiled. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = dirname(fileURLToPath(import.meta.url))
export const ROOT = dirname(dirname(HERE))
export const OVL = join(ROOT, 'bin/ovl.js')

/** A ground on a fresh tmpfs; `remove` takes down whatever is mounted there. */
export function makeGround() {
  const place = mkdtempSync(join(tmpdir(), 'ovl-bench-'))
  mountTmpfs(place)
  // The receipts of this machine's other mounts would be read along; our namespace need not see them.
  if (existsSync('/run/ovl')) must('mount', ['-t', 'tmpfs', '-o', 'mode=0700', 'bench', '/run/ovl'])
  return {
    place,
    /** Three layers: two lowers and an upper. */
    small: layOut(place, 'small', [join(place, 'small/lower1'), join(place, 'small/lower2')]),
    peer: compile(join(HERE, 'peer/mount-loop.c'), join(place, 'mount-loop')),
    /** Lazily: an iteration that failed may have left something. */
    remove() {
      spawnSync('umount', ['--lazy', place])
      rmdirSync(place)
    },
  }
}

export function mountTmpfs(place) {
  must('mount', ['-t', 'tmpfs', '-o', 'nr_inodes=0', 'bench', place])
}

/** Makes the directories of one overlay, named below `name`. */
export function layOut(place, name, lower) {
  const [target, upper, work] = ['target', 'upper', 'work'].map((part) => join(place, name, part))
  for (const path of [...lower, target, upper, work]) mkdirSync(path, { recursive: true })
  return { target, upper, work, lower }
}

/** Runs a command that has to succeed; its standard output. */
export function must(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (status !== 0) throw new Error(`${command} ${args.slice(0, 6).join(' ')}: ${error?.message ?? stderr}`)
  return stdout
}

/** `{ program }`, or `{ why }` there is none: then the other contestants are measured all the same. */
function compile(source, program) {
  for (const compiler of ['cc', 'gcc']) {
    const { status, stderr, error } = spawnSync(compiler, ['-O2', '-Wall', '-o', program, source], { encoding: 'utf8' })
    if (error !== undefined) continue
    return status === 0 ? { program } : { why: `${compiler} failed: ${stderr.split('\n')[0]}` }
  }
  return { why: 'no C compiler (cc, gcc)' }
}
