/** `ovl doctor DIR` and `ovl diagnose WORDS` try things out in a directory of somebody else, who is at work there: nothing outside of it is made, changed or removed. */

import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isOvlError } from '../../../src/index.ts'
import { holdDirectory } from '../../../src/host/beneath.ts'
import { makeScratch } from '../../../src/host/scratch.ts'
import { ovl } from '../../support/command.ts'
import { AS_NOBODY } from '../../support/nobody.ts'
import { hasTool, makeGround } from '../host/ground.ts'

const ground = makeGround()
const skip = !['perl', 'setpriv'].every(hasTool)
chmodSync(ground, 0o755)
const SCRATCH = '.ovl-(?:doctor|trial)-'

/** A directory that user 65534 owns, and a process of his that replaces what comes up there by a link. */
async function whileAttacked(to: string, act: (place: string) => void): Promise<void> {
  const place = mkdtempSync(`${ground}/theirs-`)
  for (const name of ['upper', 'work']) mkdirSync(`${place}/${name}`)
  execFileSync('chown', ['-R', '65534:65534', place])
  chmodSync(place, 0o755)
  const attack = `chdir $ARGV[0]; my $n = 0; $| = 1; print "on"; while (1) { opendir my $d, "."; for (readdir $d) { next unless /${SCRATCH}/; select undef, undef, undef, 0.001 * ($n % 40); if (rename $_, "away$n") { symlink $ARGV[1], $_; $n++ } } closedir $d }`
  const child = spawn('setpriv', [...AS_NOBODY.slice(1), 'perl', '-e', attack, place, to], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve))
    act(place)
  } finally {
    const ended = new Promise((resolve) => child.on('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }
}

function victim(): { readonly directory: string; readonly expectUntouched: () => void } {
  const directory = mkdtempSync(`${ground}/victim-`)
  writeFileSync(`${directory}/file`, 'of root')
  chmodSync(directory, 0o755)
  return { directory, expectUntouched: () => expect([readdirSync(directory), readFileSync(`${directory}/file`, 'utf8'), statSync(directory).mode & 0o7777]).toEqual([['file'], 'of root', 0o755]) }
}

test.skipIf(skip)('doctor', async () => {
  const { directory, expectUntouched } = victim()
  await whileAttacked(directory, (place) => {
    for (let left = 5; left > 0; left--) ovl(['doctor', place])
  })
  expectUntouched()
})

test.skipIf(skip)('diagnose', async () => {
  const { directory, expectUntouched } = victim()
  mkdirSync(`${ground}/lower`)
  mkdirSync(`${ground}/m`)
  await whileAttacked(directory, (place) => {
    for (let left = 12; left > 0; left--) ovl(['diagnose', '-l', `${ground}/lower`, '-u', `${place}/upper`, '-w', `${place}/work`, `${ground}/m`])
  })
  expectUntouched()
})

test.skipIf(skip)('removing the remains of a trial enters no link', async () => {
  const { directory, expectUntouched } = victim()
  const place = mkdtempSync(`${ground}/place-`)
  const child = spawn('perl', ['-e', 'chdir $ARGV[0]; my $n = 0; $| = 1; print "on"; while (1) { if (rename "a", "away$n") { $n++; symlink $ARGV[1], "a"; select undef, undef, undef, 0.001; unlink "a" } }', place, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve))
    for (let left = 2000; left > 0; left--) {
      try {
        const scratch = makeScratch(holdDirectory(place), 'a')
        writeFileSync(`/proc/self/fd/${scratch.directory.fd}/mine`, '')
        scratch.remove()
      } catch (error) {
        if (!isOvlError(error)) throw error
      }
    }
  } finally {
    child.kill('SIGKILL')
  }
  expectUntouched()
})
