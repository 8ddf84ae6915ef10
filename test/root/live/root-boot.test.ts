/** `ovl root --boot`: the right files for the tools a system has, whole, and never over somebody else’s. */

import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isOvlError, planOfBootRoot, writeBootRoot } from '../../../src/index.ts'
import { TOOL_MARKS } from '../../../src/live/boot-root.ts'
import type { BootTool } from '../../../src/live/boot-root.ts'
import { ovl } from '../../support/command.ts'
import { hasTool, makeGround } from '../host/ground.ts'

const ground = makeGround()

function system(...tools: readonly BootTool[]): string {
  const root = mkdtempSync(`${ground}/system-`)
  for (const tool of tools) {
    mkdirSync(dirname(`${root}${TOOL_MARKS[tool]}`), { recursive: true })
    writeFileSync(`${root}${TOOL_MARKS[tool]}`, '')
  }
  return root
}

test.each([
  [['initramfs-tools'], 'initramfs-tools', ['/etc/initramfs-tools/hooks/ovl-root', '/etc/initramfs-tools/scripts/init-bottom/ovl-root']],
  [['initramfs-tools', 'overlayroot'], 'overlayroot', ['/etc/overlayroot.local.conf']],
  [['dracut'], 'dracut', ['/etc/dracut.conf.d/90-ovl-root.conf']],
] as const)('a system with %s', (tools, tool, paths) => {
  const root = system(...tools)
  const plan = planOfBootRoot(root)
  expect(existsSync(`${root}/etc`), 'a plan writes nothing').toBe(false)
  expect(writeBootRoot(root)).toEqual(plan)
  expect({ tool: plan.tool, paths: plan.files.map(({ path }) => path) }).toEqual({ tool, paths })
  for (const { path, mode, text } of plan.files) {
    expect(readFileSync(`${root}${path}`, 'utf8')).toBe(text)
    expect(statSync(`${root}${path}`).mode & 0o777).toBe(mode)
    execFileSync('sh', ['-n', `${root}${path}`])
  }
  // Twice is once.
  expect(writeBootRoot(root)).toEqual(plan)
})

test.each([{}, { size: '25%' }, { device: 'LABEL=changes' }, { device: '/dev/vdb1' }])('scripts for %o are shell, and say no other words', (request) => {
  for (const tool of ['initramfs-tools', 'overlayroot', 'dracut'] as const) {
    for (const { text } of planOfBootRoot(system(tool), request).files) {
      execFileSync('sh', ['-n'], { input: text })
      expect(text).not.toContain('undefined')
    }
  }
})

test('the line of / in fstab is set aside, and nothing else', () => {
  const [, script] = planOfBootRoot(system('initramfs-tools')).files
  const loop = script?.text.slice(script.text.indexOf('set -f\n')) ?? ''
  const [lower, merged] = ['lower', 'merged'].map((name) => `${ground}/${name}`) as [string, string]
  for (const tree of [lower, merged]) mkdirSync(`${tree}/etc`, { recursive: true })
  writeFileSync(`${lower}/etc/fstab`, '# a comment\nUUID=1 / ext4 errors=remount-ro 0 1\n\n/dev/sdb1\t/sp\\040ace ext4 * 0 2\n  #/dev/x / x\nlast / x')
  execFileSync('dash', ['-c', loop], { env: { at: ground, rootmnt: merged } })
  expect(readFileSync(`${merged}/etc/fstab`, 'utf8')).toBe('# a comment\n#ovl-root# UUID=1 / ext4 errors=remount-ro 0 1\n\n/dev/sdb1\t/sp\\040ace ext4 * 0 2\n  #/dev/x / x\n#ovl-root# last / x\n')
})

test('a file of somebody else is left alone', () => {
  const root = system('overlayroot')
  mkdirSync(`${root}/etc`)
  writeFileSync(`${root}/etc/overlayroot.local.conf`, 'overlayroot=""\n')
  expect(() => writeBootRoot(root)).toThrow(expect.objectContaining({ code: 'usage' }))
  expect(readFileSync(`${root}/etc/overlayroot.local.conf`, 'utf8')).toBe('overlayroot=""\n')
})

describe('a system that somebody else can change', () => {
  const elsewhere = (): string => mkdtempSync(`${ground}/elsewhere-`)

  test.each(['etc', 'etc/initramfs-tools', 'etc/initramfs-tools/hooks', 'etc/initramfs-tools/scripts/init-bottom'])('no script is written through a link at %s', (link) => {
    const root = system('initramfs-tools')
    const outside = elsewhere()
    mkdirSync(dirname(`${root}/${link}`), { recursive: true })
    symlinkSync(outside, `${root}/${link}`)
    expect(() => writeBootRoot(root)).toThrow(expect.objectContaining({ code: 'unsafe-path', message: expect.stringContaining(`'${root}/${link}`) }))
    expect(readdirSync(outside)).toEqual([])
    // It was seen before the first file was written.
    expect(execFileSync('find', [root, '-name', 'ovl-root'], { encoding: 'utf8' })).toBe('')
  })

  test('a link or a FIFO in place of the file', () => {
    const [linked, fifo] = [system('dracut'), system('dracut')]
    const file = `${elsewhere()}/file`
    writeFileSync(file, 'ovl root --boot')
    for (const root of [linked, fifo]) mkdirSync(`${root}/etc/dracut.conf.d`, { recursive: true })
    symlinkSync(file, `${linked}/etc/dracut.conf.d/90-ovl-root.conf`)
    execFileSync('mkfifo', [`${fifo}/etc/dracut.conf.d/90-ovl-root.conf`])
    for (const root of [linked, fifo]) expect(() => writeBootRoot(root)).toThrow(expect.objectContaining({ code: 'unsafe-path' }))
    expect(readFileSync(file, 'utf8')).toBe('ovl root --boot')
  })

  test('the tool is looked for in the system, not behind its links to this one', () => {
    const root = system()
    mkdirSync(`${root}/usr`)
    symlinkSync(`${system('dracut')}/usr/bin`, `${root}/usr/bin`)
    expect(() => planOfBootRoot(root)).toThrow(expect.objectContaining({ code: 'live-not-found' }))
  })

  test.skipIf(!hasTool('perl'))('a process that puts a link in place of a directory, again and again', async () => {
    const root = system('dracut')
    const outside = elsewhere()
    mkdirSync(`${root}/etc/dracut.conf.d`, { recursive: true })
    const child = spawn('perl', ['-e', 'chdir $ARGV[0]; my $n = 0; $| = 1; print "on"; while (1) { $n++ if rename "dracut.conf.d", "away$n"; symlink $ARGV[1], "dracut.conf.d"; unlink "dracut.conf.d" }', `${root}/etc`, outside], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      await new Promise((resolve) => child.stdout.once('data', resolve))
      const codes = new Set<string>()
      for (let round = 0; round < 2000; round++) {
        try {
          writeBootRoot(root)
        } catch (error) {
          if (!isOvlError(error)) throw error
          codes.add(error.code === 'unknown' ? (error.errno ?? '') : error.code)
        }
      }
      // It may be away, or there again, whenever it is looked at.
      expect([...codes].filter((code) => !['unsafe-path', 'ENOENT', 'EEXIST'].includes(code))).toEqual([])
    } finally {
      child.kill('SIGKILL')
    }
    expect(readdirSync(outside)).toEqual([])
  })
})

test('no tool, and words that would end up in a script', () => {
  expect(() => planOfBootRoot(system())).toThrow(expect.objectContaining({ code: 'live-not-found' }))
  expect(() => planOfBootRoot('/no/such/system')).toThrow("there is no '/no/such/system'")
  const root = system('initramfs-tools')
  for (const device of ['/srv/dir', '$(reboot)', 'LABEL=a b', "/dev/x';reboot'"]) expect(() => planOfBootRoot(root, { device })).toThrow(expect.objectContaining({ code: 'option-bad-value' }))
  for (const size of ['much', '1g,nr_inodes=1', '$(x)']) expect(() => planOfBootRoot(root, { size })).toThrow(expect.objectContaining({ code: 'option-bad-value' }))
})

test('the command shows them with --dry-run, and says what comes next', () => {
  const root = system('dracut')
  expect(ovl(['root', '--boot', '--dry-run', root]).stdout).toContain('rd.live.overlay.overlayfs=1')
  expect(existsSync(`${root}/etc`)).toBe(false)
  expect(ovl(['root', '--boot', root])).toEqual({ code: 0, stderr: '', stdout: `wrote ${root}/etc/dracut.conf.d/90-ovl-root.conf\nnext: ovl live enter ${root} -- dracut --force\none boot without it: rd.live.overlay.overlayfs=0 rd.overlay=0 on the kernel command line\n` })
})
