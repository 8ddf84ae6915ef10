/** Story 2: twenty-five lowers, said with a colon for the equals sign; and as many as the kernel takes. */

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { list, mount, overlay } from '../../../src/index.ts'
import { envelope } from '../../support/command.ts'
import { makeShell, named } from '../../support/shell.ts'
import { makeGround } from '../host/ground.ts'

const { place, sh } = makeShell(makeGround())

/** dir1 … dirN, each with a file of its own and one that all have. */
function dirs(count: number): { dir: string; lowers: string[] } {
  const dir = place()
  const lowers = Array.from({ length: count }, (_, at) => `${dir}/dir${at + 1}`)
  for (const [at, lower] of lowers.entries()) {
    mkdirSync(lower)
    writeFileSync(`${lower}/only_in_${at + 1}`, '')
    writeFileSync(`${lower}/in_all`, `dir${at + 1}`)
  }
  for (const name of ['upper', 'merged']) mkdirSync(`${dir}/${name}`)
  return { dir, lowers }
}

test('the words of the document: a colon for the equals sign, and no workdir', () => {
  const { dir } = dirs(3)
  const ran = sh(dir, 'ovl mount -t overlay overlay -o lowerdir:/dir1:/dir2:/dir3:...:/dir25,upperdir=/upper /merged')
  expect(ran.code).toBe(32)
  expect(named(ran), ran.stderr).toEqual(['option-syntax', 'work-required'])
  expect(ran.stderr).toContain('Write lowerdir=/dir1:/dir2:/dir3:...:/dir25')
})

test('with the equals sign, still without a workdir', () => {
  const { dir } = dirs(3)
  const ran = sh(dir, 'ovl mount -t overlay overlay -o "lowerdir=$PWD/dir1:$PWD/dir2:$PWD/dir3,upperdir=$PWD/upper" merged')
  expect([ran.code, named(ran)], ran.stderr).toEqual([32, ['work-required']])
})

test('twenty-five of them, right', async () => {
  const { dir, lowers } = dirs(25)
  expect(sh(dir, `ovl mount -t overlay overlay -o "lowerdir=$(printf "$PWD/dir%d:" $(seq 24))$PWD/dir25,upperdir=$PWD/upper,workdir=$PWD/work" --mkdir merged`)).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(readdirSync(`${dir}/merged`)).toHaveLength(26)
  expect(readFileSync(`${dir}/merged/in_all`, 'utf8')).toBe('dir1')
  expect((await list()).find(({ target }) => target === `${dir}/merged`)?.lower).toEqual(lowers)
  expect(sh(dir, 'ovl umount merged')).toEqual({ code: 0, stdout: '', stderr: '' })

  const mounted = await mount(overlay().lower(...lowers.toReversed()).upper(`${dir}/upper`).at(`${dir}/merged`))
  expect(readFileSync(`${dir}/merged/in_all`, 'utf8')).toBe('dir25')
  await mounted.unmount()
})

test('five hundred, mounted, used and taken down; not one more', () => {
  const { dir, lowers } = dirs(500)
  const mountAll = `ovl mount --json $(printf ' -l %s' "$@") --tmpfs merged`
  const answer = envelope(sh(dir, mountAll, lowers))
  expect(answer).toMatchObject({ ok: true, error: null, data: { lower: lowers, readOnly: false } })
  expect(readdirSync(`${dir}/merged`)).toHaveLength(501)
  writeFileSync(`${dir}/merged/in_all`, 'mine')
  expect(readFileSync(`${dir}/merged/only_in_500`, 'utf8')).toBe('')
  expect(readFileSync(`${dir}/dir1/in_all`, 'utf8')).toBe('dir1')

  const listed = envelope(sh(dir, 'ovl list --json')).data as { target: string; lower: string[]; maker: { name: string } }[]
  expect(listed.find(({ target }) => target === `${dir}/merged`)).toMatchObject({ lower: lowers, maker: { name: 'ovl' } })
  expect(sh(dir, 'ovl umount merged')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(readdirSync(`${dir}/merged`)).toEqual([])

  const refused = sh(dir, mountAll, [...lowers, dir])
  expect([refused.code, envelope(refused).error?.code]).toEqual([32, 'too-many-layers'])
})
