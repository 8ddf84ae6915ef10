/** What a stranger gets: the packed tarball, installed in an empty folder, without a compiler and without install scripts. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

test('npm pack, install, ovl --version', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ovl-pack-'))
  const npm = (...args: string[]): string => execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    npm('pack', '--silent', ROOT)
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) as string
    npm('install', '--silent', '--ignore-scripts', '--prefer-offline', '--prefix', folder, join(folder, tarball))
    const bin = join(folder, 'node_modules/.bin/ovl')
    expect(execFileSync(process.execPath, [bin, '--version'], { encoding: 'utf8' })).toMatch(/^ovl \d+\.\d+\.\d+\n$/)
    const encoded = execFileSync(process.execPath, [bin, 'options', '-l', '/a', '-l', '/b:c', '--json'], { encoding: 'utf8' })
    expect(JSON.parse(encoded)).toMatchObject({ schema: 'ovl/1', ok: true, kind: 'options' })
    const program = "import { overlay, encode } from 'ovl'; console.log(encode(overlay().lower('/a', '/b:c'), { for: 'mount2' }).text)"
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: folder, encoding: 'utf8' })).toBe('lowerdir=/a:/b\\:c\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
