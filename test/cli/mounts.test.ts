/** The built command with real mounts: silent success, exit codes, envelopes, --dry-run, --help’s own examples. */

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { hasTool, makeGround } from '../root/host/ground.ts'
import { BIN, envelope, ovl, runChild } from '../support/command.ts'
import { grubMenu, makeIso, writeMedium } from '../support/live-media.ts'

/** A place to mount at; undefined without root, or outside the namespace that test/run.mjs makes. */
function findGround(): string | undefined {
  try {
    return makeGround()
  } catch (error) {
    if (process.env['OVL_TESTS_MUST_RUN'] === '1' && process.getuid?.() === 0) throw error
    return undefined
  }
}

const ground = findGround()
const here = ground ?? '/nonexistent'
const run = (...args: string[]): ReturnType<typeof ovl> => ovl(args, { cwd: here })
const isMounted = (name: string): boolean => readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${join(here, name)} `)

beforeAll(() => {
  if (ground === undefined) return
  for (const name of ['over', 'base']) mkdirSync(join(here, name))
  writeFileSync(join(here, 'over/a'), 'over')
  writeFileSync(join(here, 'base/b'), 'base')
})

describe.skipIf(ground === undefined)('as root, in a mount namespace of its own', () => {
  it('mounts, lists, inspects and unmounts without a word', () => {
    expect(run('mount', '-l', 'over', '-l', 'base', '-u', 'changes', '--mkdir', 'merged')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(readFileSync(join(here, 'merged/a'), 'utf8') + readFileSync(join(here, 'merged/b'), 'utf8')).toBe('overbase')
    expect(run('list').stdout).toMatch(new RegExp(`^${here}/merged +2 +${here}/changes +rw +ovl$`, 'm'))
    expect(run('inspect', 'merged').stdout).toMatch(new RegExp(`upper +${here}/changes .*\\n(.*\\n)+.*lower 1 +${here}/over .*\\n.*lower 2 +${here}/base `))
    expect(run('umount', 'merged')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(isMounted('merged')).toBe(false)
  })

  it('takes the words of mount(8) unchanged', () => {
    mkdirSync(join(here, 'plain'))
    expect(run('mount', '-t', 'overlay', 'overlay', 'plain', '-o', 'lowerdir=over:base', '-o', 'nosuid').code).toBe(0)
    expect(run('umount', 'plain').code).toBe(0)
  })

  it('tells with --json what was done', () => {
    const mounted = run('mount', '--json', '-l', 'over', '-l', 'base', '--tmpfs', '--mkdir', 'json')
    expect(mounted.code).toBe(0)
    expect(envelope(mounted)).toMatchObject({ schema: 'ovl/1', kind: 'mount', ok: true, warnings: [], error: null, data: { target: join(here, 'json'), lower: [join(here, 'over'), join(here, 'base')], data: [], options: {}, readOnly: false } })
    expect(Object.keys(envelope(mounted).data as object)).toEqual(expect.arrayContaining(['target', 'lower', 'data', 'upper', 'work', 'options', 'readOnly', 'via', 'form', 'bytes']))
    expect(envelope(run('remount', '--json', 'json', '-o', 'ro'))).toMatchObject({ kind: 'remount', ok: true, data: { changed: ['ro'], readOnly: true } })
    expect(envelope(run('list', '--json')).data).toEqual(expect.arrayContaining([expect.objectContaining({ target: join(here, 'json') })]))
    expect(envelope(run('inspect', '--json', 'json'))).toMatchObject({ kind: 'inspect', data: { target: join(here, 'json'), layers: expect.any(Array) } })
    expect(envelope(run('umount', '--json', 'json'))).toMatchObject({ kind: 'umount', ok: true, data: [{ target: join(here, 'json') }] })
  })

  it('says with -v how', () => {
    expect(run('mount', '-v', '-l', 'over', '-l', 'base', '--mkdir', 'loud').stdout).toMatch(new RegExp(`^${here}/loud: 2 lower layers, no upper, read-only; by \\w+ \\(.+\\)\\n$`))
    expect(run('umount', '-v', 'loud').stdout).toBe(`unmounted ${here}/loud\nremoved ${here}/loud\n`)
  })

  it('plans with --dry-run and does nothing', () => {
    const { code, stdout } = run('mount', '--dry-run', '-l', 'over', '-l', 'base', '--mkdir', 'dry')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Would do\n\n {2}1 {2}make the directory/)
    expect(stdout).toContain(`\nThe same by hand\n`)
    expect(stdout).toContain(`mount -t overlay overlay ${here}/dry -o lowerdir=${here}/over:${here}/base\n`)
    expect(isMounted('dry')).toBe(false)
    expect(envelope(run('mount', '--dry-run', '--json', '-l', 'over', '-l', 'base', '--mkdir', 'dry'))).toMatchObject({ kind: 'mount', ok: true, data: { dryRun: true, steps: expect.any(Array), shell: expect.any(Array) } })
  })

  it('exits 64 when some of several could be unmounted', () => {
    expect(run('mount', '-l', 'over', '-l', 'base', '--mkdir', 'some').code).toBe(0)
    const { code, stderr } = run('umount', 'some', 'none')
    expect(code).toBe(64)
    expect(stderr).toContain(`${here}/none`)
    expect(isMounted('some')).toBe(false)
    expect(run('mount', '-l', 'over', '-l', 'base', '--mkdir', 'some').code).toBe(0)
    const asJson = run('umount', '--json', 'none', 'some')
    expect(asJson.code).toBe(64)
    expect(envelope(asJson)).toMatchObject({ kind: 'umount', ok: false, data: [{ target: join(here, 'some') }], error: { code: 'not-mounted' } })
  })

  it('names who holds a busy mount, and leaves it', () => {
    expect(run('mount', '-l', 'over', '-l', 'base', '--mkdir', 'busy').code).toBe(0)
    const { code, stderr, stdout } = runChild('sh', ['-c', `cd busy && ${process.execPath} ${BIN} umount ${here}/busy`], { cwd: here })
    expect({ code, stdout }).toEqual({ code: 32, stdout: '' })
    expect(stderr).toMatch(/error\[umount-busy\]: .*sh \(\d+\)/)
    expect(isMounted('busy')).toBe(true)
    expect(run('umount', 'busy').code).toBe(0)
  })

  it('keeps a name of any bytes', () => {
    const name = String.raw`$'odd\xff\n,:\\'`
    const { code, stderr } = runChild('bash', ['-ec', `mkdir ${name} ${name}.m; ovl() { ${process.execPath} ${BIN} "$@"; }; ovl mount -l ${name} -l base ${name}.m; ovl list --json; ovl umount ${name}.m`], { cwd: here })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  // A message is about a fault, and says so with exactly this status.
  const FOUND = ' && exit 9 || [ $? -eq 1 ]'

  // What is mounted below / differs from machine to machine, and is told.
  const NOTED = /^ovl root /

  it.skipIf(!['mksquashfs', 'xorriso', 'zstd'].every(hasTool))('runs every example of --help, but for the place of /tmp', () => {
    // The checkout itself may lie below /tmp.
    const examples = COMMANDS.filter(({ name }) => name !== 'completion').flatMap(({ examples }) => examples.map(([line]) => `${line.replaceAll('/tmp/', `${here}/tmp/`)}${line.includes('--message') ? FOUND : ''}${NOTED.test(line) ? ' --quiet' : ''}`))
    const umounts = examples.filter((line) => line.startsWith('ovl umount'))
    const others = examples.filter((line) => !line.startsWith('ovl umount'))
    // The live system that the examples of `ovl live` are about.
    writeMedium(join(here, 'medium'), { 'live/vmlinuz': '', 'live/initrd.img': '', 'live/filesystem.squashfs': { 'etc/hostname': 'debian\n' }, 'boot/grub/grub.cfg': grubMenu('/live/vmlinuz boot=live') })
    mkdirSync(join(here, 'tmp'))
    makeIso(join(here, 'medium'), join(here, 'tmp/debian-live.iso'))
    copyFileSync(join(here, 'tmp/debian-live.iso'), join(here, 'tmp/live.iso'))
    // Two of the mounts are on /tmp/merged, one over the other, and two of the umounts take them down.
    const script = ['mkdir w', 'cd w', 'mkdir over base', `ovl() { ${process.execPath} ${BIN} "$@"; }`, ...others, ...umounts]
    const { code, stderr } = runChild('unshare', ['-m', '--propagation', 'private', 'bash', '-e', '-c', script.join('\n')], { cwd: here })
    // What is to be done next is no fault.
    expect({ code, stderr: stderr.replaceAll(/^next: .*\n/gm, '') }).toEqual({ code: 0, stderr: '' })
  })
})
