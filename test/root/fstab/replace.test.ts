/** replaceFile: killed before each call that writes, the file is the old one or the new one, and the next run puts the rest right. */

import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { writeFstab } from '../../../src/ops/fstab.ts'
import { EMPTY_SPEC } from '../../../src/overlay/spec.ts'
import { editFile, replaceFile } from '../../../src/host/replace-file.ts'
import { getXattr, setXattr } from '../../../src/host/syscalls/xattr.ts'
import { ROOT } from '../../support/command.ts'
import { bundle, makeGround } from '../host/ground.ts'
import { whyNoTracing } from '../kill/tracing.ts'

const ground = makeGround()
const OLD = '# old\n'
const NEW = '# new\n'.repeat(5000)
let places = 0

function place(content: string | undefined = OLD): { readonly dir: string; readonly file: string } {
  const dir = `${ground}/p${places++}`
  mkdirSync(dir)
  if (content !== undefined) writeFileSync(`${dir}/fstab`, content)
  return { dir, file: `${dir}/fstab` }
}

test('mode, owner and attributes stay, and the old file is kept', async () => {
  const { dir, file } = place()
  chmodSync(file, 0o640)
  chownSync(file, 12, 34)
  setXattr(file, 'trusted.label', Buffer.from('x'))
  expect(await replaceFile(file, Buffer.from(NEW))).toEqual({ path: file, backup: `${file}.ovl-backup` })
  expect([readFileSync(file, 'utf8'), readFileSync(`${file}.ovl-backup`, 'utf8')]).toEqual([NEW, OLD])
  const { mode, uid, gid } = statSync(file)
  expect([mode & 0o7777, uid, gid, getXattr(file, 'trusted.label')?.toString()]).toEqual([0o640, 12, 34, 'x'])
  expect(readdirSync(dir).sort()).toEqual(['fstab', 'fstab.ovl-backup'])
})

test('no backup is written over, and none is kept twice', async () => {
  const { dir, file } = place('1')
  const backups: (string | undefined)[] = []
  for (const content of ['2', '1', '2', '3']) backups.push((await replaceFile(file, Buffer.from(content))).backup?.slice(dir.length + 1))
  expect(backups).toEqual(['fstab.ovl-backup', 'fstab.ovl-backup.1', 'fstab.ovl-backup', 'fstab.ovl-backup.1'])
  expect((await replaceFile(file, Buffer.from('4'))).backup).toBe(`${file}.ovl-backup.2`)
  expect(await replaceFile(file, Buffer.from('5'), { backup: false })).toEqual({ path: file })
})

test('a symlink stays one, a new file is made, a directory is refused', async () => {
  const { dir, file } = place()
  symlinkSync('fstab', `${dir}/link`)
  expect((await replaceFile(`${dir}/link`, Buffer.from(NEW))).path).toBe(file)
  expect([lstatSync(`${dir}/link`).isSymbolicLink(), readFileSync(file, 'utf8')]).toEqual([true, NEW])
  expect(await replaceFile(`${dir}/fresh`, Buffer.from('x'))).toEqual({ path: `${dir}/fresh` })
  expect(statSync(`${dir}/fresh`).mode & 0o777).toBe(0o644)
  await expect(replaceFile(dir, Buffer.from('x'))).rejects.toThrow('is no file but a directory')
})

test('a symlink to nothing is neither replaced nor followed', async () => {
  const { dir } = place()
  symlinkSync('nowhere', `${dir}/link`)
  await expect(replaceFile(`${dir}/link`, Buffer.from(NEW))).rejects.toThrow(`'${dir}/link' is a symlink to 'nowhere', which does not exist`)
  await expect(writeFstab({ ...EMPTY_SPEC, lower: [{ path: '/usr' }, { path: '/etc' }], target: '/srv' }, { file: `${dir}/link`, dryRun: true })).rejects.toThrow('is a symlink to')
  expect([readdirSync(dir), lstatSync(`${dir}/link`).isSymbolicLink()]).toEqual([['fstab', 'link'], true])
})

test('what somebody writes all the time is not replaced', async () => {
  const { dir, file } = place()
  let writes = 0
  const edit = editFile(file, () => (writeFileSync(file, `# ${writes++}\n`), { content: Buffer.from(NEW), result: {} }))
  await expect(edit).rejects.toThrow('was changed by somebody else')
  expect([readFileSync(file, 'utf8'), readdirSync(dir)]).toEqual([`# ${writes - 1}\n`, ['fstab']])
})

const CALLS = ['write', 'fchown', 'fchmod', 'fsync', 'link', 'renameat2', 'fsetxattr', 'flock', 'unlink'] as const

test('killed before every call', async ({ skip }) => {
  const why = whyNoTracing()
  skip(why !== undefined, why)
  symlinkSync(`${ROOT}node_modules`, `${ground}/node_modules`)
  const script = bundle(ground, 'replace', `import { replaceFile } from 'src/host/replace-file.ts'\nawait replaceFile(process.argv[2], Buffer.from('# new\\n'.repeat(5000)))\nconsole.log('done')`)
  const killed: Record<string, number> = {}
  const seen = new Set<string>()
  for (const call of CALLS) {
    for (let when = 1; when < 30; when++) {
      const { dir, file } = place()
      setXattr(file, 'trusted.label', Buffer.from('x'))
      const { stdout } = spawnSync('strace', ['-f', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:signal=KILL:when=${when}`, process.execPath, script, file], { encoding: 'utf8' })
      if (stdout.includes('done')) break
      killed[call] = when
      const now = readFileSync(file, 'utf8')
      expect([OLD, NEW]).toContain(now)
      seen.add(now)
      await replaceFile(file, Buffer.from('# last\n'))
      expect(readdirSync(dir).filter((name) => name.endsWith('.ovl-new'))).toEqual([])
      const kept = readdirSync(dir).filter((name) => name.includes('.ovl-backup')).map((name) => readFileSync(`${dir}/${name}`, 'utf8'))
      expect(kept).toContain(now)
      expect(kept.every((content) => content === OLD || content === NEW)).toBe(true)
    }
  }
  console.log(`killed before ${Object.entries(killed).map((pair) => pair.join(' × ')).join(', ')}`)
  expect(killed).toMatchObject({ fchown: 1, fchmod: 1, link: 1, renameat2: 1, fsync: 2, fsetxattr: 1, flock: 1, unlink: 2 })
  expect([...seen].sort()).toEqual([NEW, OLD].sort())
}, 120_000)
