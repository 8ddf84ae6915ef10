/** The ground these tests stand on: a tmpfs of their own in a mount namespace of their own, gone after each file. */

import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { afterAll } from 'vitest'

const SRC = join(import.meta.dirname, '../../../src')

/** A directory on a fresh tmpfs. Refuses the host’s mount namespace. */
export function makeGround(): string {
  if (!isInNamespaceOfItsOwn()) throw new Error('these tests mount: run them by `node test/run.mjs root`, in a mount namespace of their own')
  const ground = mkdtempSync(join(tmpdir(), 'ovl-host-'))
  execFileSync('mount', ['-t', 'tmpfs', 'ground', ground])
  afterAll(() => {
    execFileSync('umount', ['--recursive', '--lazy', ground])
    rmdirSync(ground)
  })
  return ground
}

/** Some process above this one lives in another mount namespace. (Process 1 may not be readable, in a container.) */
function isInNamespaceOfItsOwn(): boolean {
  const own = readlinkSync('/proc/self/ns/mnt')
  for (let pid = process.ppid; pid > 1; ) {
    try {
      if (readlinkSync(`/proc/${pid}/ns/mnt`) !== own) return true
      pid = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
    } catch {
      return true // A process of somebody else.
    }
  }
  return false
}

/** True when a program is there; with OVL_TESTS_MUST_RUN=1 it must be. */
export function hasTool(name: string): boolean {
  const found = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name]).status === 0
  if (!found && process.env['OVL_TESTS_MUST_RUN'] === '1') throw new Error(`${name} is not installed`)
  return found
}

/** A script that imports from src, as one JavaScript file: what must be seen in a process of its own. */
export function bundle(directory: string, name: string, source: string): string {
  const entry = join(directory, `${name}.ts`)
  const outfile = join(directory, `${name}.mjs`)
  writeFileSync(entry, source.replaceAll("'src/", `'${SRC}/`))
  buildSync({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20', external: ['koffi', 'execa'], nodePaths: [join(SRC, '../node_modules')] })
  return outfile
}

/** The code of what `act` throws, or the errno where that is all that is known; undefined when it throws nothing. */
export function codeOf(act: () => unknown): string | undefined {
  try {
    act()
  } catch (error) {
    return isOvlError(error) ? (error.code === 'unknown' ? error.errno : error.code) : String(error)
  }
  return undefined
}
