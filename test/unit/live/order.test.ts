/** The order of a plan against the documented rule in a shell of its own, over random names: globs, sort(1) and ${…} decide, not our comparison. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { planLive } from '../../../src/live/live-plan.ts'
import { decodeName, encodeName } from '../../../src/names/bytes.ts'
import { runs } from '../../support/seed.ts'
import { medium } from './medium.ts'

/** What each system does, bottom first, names ended by NUL. The chain takes its top from $1. */
const RULES = {
  'boot=casper': String.raw`for type in ext2 squashfs dir; do for image in *."$type"; do
    case $image in ltsp.squashfs | server.squashfs) continue ;; esac
    if [ -e "$image" ]; then printf '%s\0' "$image"; fi
  done; done`,
  'boot=live': String.raw`for type in squashfs ext2 ext3 ext4 xfs jffs2 dir; do for image in *."$type"; do
    if [ -e "$image" ]; then printf '%s\n' "$image"; fi
  done; done | sort | tr '\n' '\0'`,
  'layerfs-path': String.raw`name=\${1%.*} end=.\${1##*.} list=
  while list="$name$end
$list" && [ "$name" != "\${name%.*}" ]; do name=\${name%.*}; done
  printf %s "$list" | tr '\n' '\0'`.replaceAll('\\$', '$'),
} as const

const PIECES = ['a', 'b', 'ab', 'A', '0', '9', '10', '-', '_', '+', '~', 'é', '語', '\udcff', ',', ':', "'", '"', '*', '$x', '%s', '(', 'squashfs']
const stem = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''))
const dotted = fc.array(stem, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('.'))
const name = fc.tuple(dotted, fc.constantFrom('squashfs', 'squashfs', 'squashfs', 'ext2', 'dir', 'ext4', 'squashfs-generic')).map(([base, end]) => `${base}.${end}`)
const names = fc.uniqueArray(fc.oneof({ weight: 9, arbitrary: name }, { weight: 1, arbitrary: fc.constantFrom('ltsp.squashfs', 'server.squashfs', '.hidden.squashfs') }), { minLength: 1, maxLength: 8 })

/** The same names as files, and what the rule makes of them; topmost first. */
function byShell(rule: keyof typeof RULES, files: readonly string[], top = ''): string[] {
  const place = mkdtempSync(join(tmpdir(), 'ovl-order-'))
  try {
    for (const file of files) {
      const path = Buffer.concat([Buffer.from(`${place}/`), encodeName(file)])
      if (file.endsWith('.dir')) mkdirSync(path)
      else writeFileSync(path, '')
    }
    // Arguments reach the shell as UTF-8 only: the name comes by standard input.
    const out = execFileSync('sh', ['-c', `IFS= read -r top; set -- "$top"; ${RULES[rule]}`], { cwd: place, input: Buffer.concat([encodeName(top), Buffer.from('\n')]), env: { ...process.env, LC_ALL: 'C' } })
    return decodeName(out).split('\0').filter((word) => word !== '').toReversed()
  } finally {
    rmSync(place, { recursive: true })
  }
}

const planned = (directory: string, files: readonly string[], cmdline: string): string[] => planLive(medium(files.map((file) => `/${directory}/${file}${file.endsWith('.dir') ? '/' : ''}`)), { cmdline }).layers.map((layer) => layer.name)

it.each([['boot=casper', 'casper'], ['boot=live', 'live']] as const)('%s: as globs and sort have it', (rule, directory) => {
  fc.assert(fc.property(names, (files) => {
    const expected = byShell(rule, files)
    fc.pre(expected.length > 0)
    expect(planned(directory, files, rule)).toEqual(expected)
  }), runs(60))
})

it('layerfs-path: as ${…%.*} has it', () => {
  fc.assert(fc.property(dotted, names, (base, others) => {
    const top = `${base}.squashfs`
    const chain = byShell('layerfs-path', [], top)
    expect(planned('casper', [...new Set([...others.filter((file) => !file.endsWith('.dir')), ...chain])], `layerfs-path=${top}`)).toEqual(chain)
  }), runs(40))
})
