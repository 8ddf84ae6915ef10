/** Story 1: two directories shown as one; a deletion; and the tilde that no shell expanded. */

import { lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isOvlError, mount, overlay } from '../../../src/index.ts'
import { makeShell, named } from '../../support/shell.ts'
import { makeGround } from '../host/ground.ts'

const { place, sh } = makeShell(makeGround())

const TREE = `mkdir upper lower merged work
echo "I'm from lower!" > lower/in_lower
echo "I'm from upper!" > upper/in_upper
echo "I'm from lower!" > lower/in_both
echo "I'm from upper!" > upper/in_both`

/** A home with the document's tree at ~/test. */
function home(): { home: string; test: string } {
  const home = place()
  mkdirSync(`${home}/test`)
  expect(sh(`${home}/test`, TREE).code).toBe(0)
  return { home, test: `${home}/test` }
}

test('the words of the document, with paths that are paths', () => {
  const { home: HOME, test: dir } = home()
  const say = (script: string) => sh(dir, script, [], { HOME })
  expect(say('ovl mount -t overlay overlay -o "lowerdir=$HOME/test/lower,upperdir=$HOME/test/upper,workdir=$HOME/test/work" ~/test/merged')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(say('cd merged; grep . *').stdout).toBe("in_both:I'm from upper!\nin_lower:I'm from lower!\nin_upper:I'm from upper!\n")

  expect(say("echo 'new file' > merged/new_file; echo edited >> merged/in_lower; cat upper/new_file upper/in_lower lower/in_lower").stdout).toBe("new file\nI'm from lower!\nedited\nI'm from lower!\n")

  expect(say('rm merged/in_both; ls merged; cat lower/in_both').stdout).toBe("in_lower\nin_upper\nnew_file\nI'm from lower!\n")
  const whiteout = lstatSync(`${dir}/upper/in_both`)
  expect([whiteout.isCharacterDevice(), whiteout.rdev]).toEqual([true, 0])
  expect(say('cp upper/in_both elsewhere').stderr).toContain('No such device or address')

  expect(say('ovl umount ~/test/merged')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(readdirSync(`${dir}/merged`)).toEqual([])
})

test.each([
  ['in quotes', `-o 'lowerdir=~/test/lower,upperdir=~/test/upper,workdir=~/test/work' ~/test/merged`, ['lower', 'upper', 'work']],
  ['in quotes, the target too', `-o "lowerdir=$HOME/test/lower,upperdir=$HOME/test/upper,workdir=$HOME/test/work" '~/test/merged'`, ['target']],
  ['expanded by nobody but bash, and there only the first', '-o lowerdir=$HOME/test/lower,upperdir=~/test/upper,workdir=~/test/work ~/test/merged', ['upper', 'work']],
  ['with quotes inside the options', `-o 'lowerdir="~/test/lower",upperdir="~/test/upper",workdir="~/test/work"' ~/test/merged`, ['lower', 'upper', 'work']],
  ['as a variable', `-o 'lowerdir=$HOME/test/lower,upperdir=$HOME/test/upper,workdir=$HOME/test/work' ~/test/merged`, ['lower', 'upper', 'work']],
])('a tilde %s', (_, words, roles) => {
  const { home: HOME, test: dir } = home()
  const ran = sh(dir, `ovl mount -t overlay overlay ${words}`, [], { HOME })
  expect(ran.code).toBe(32)
  expect(named(ran), ran.stderr).toEqual(roles.map(() => 'path-not-expanded'))
  for (const role of roles) expect(ran.stderr).toMatch(new RegExp(`error\\[path-not-expanded\\]: ${role} '`))
  expect(ran.stderr).toMatch(/fix +(Write \$HOME|Put the quotes|Use double quotes)/)
})

test('mount(8) says of the same that a special device does not exist, or that a path does not', () => {
  const { home: HOME, test: dir } = home()
  const { code, stderr } = sh(dir, `mount -t overlay overlay -o 'lowerdir=~/test/lower,upperdir=~/test/upper,workdir=~/test/work' ~/test/merged`, [], { HOME, LC_ALL: 'C' })
  expect(code).toBe(32)
  expect(stderr).toMatch(/special device overlay does not exist|No such file or directory/)
})

test('by the library', async () => {
  const { test: dir } = home()
  const said = overlay().lower(`${dir}/lower`).upper(`${dir}/upper`).work(`${dir}/work`).at(`${dir}/merged`)
  const mounted = await mount(said)
  try {
    expect([mounted.lower, mounted.upper, mounted.work, mounted.readOnly]).toEqual([[`${dir}/lower`], `${dir}/upper`, `${dir}/work`, false])
    expect(readFileSync(`${dir}/merged/in_both`, 'utf8')).toBe("I'm from upper!\n")
    rmSync(`${dir}/merged/in_both`)
    writeFileSync(`${dir}/merged/in_lower`, 'edited')
    expect(readdirSync(`${dir}/merged`)).toEqual(['in_lower', 'in_upper'])
    expect(readFileSync(`${dir}/lower/in_lower`, 'utf8')).toBe("I'm from lower!\n")
  } finally {
    await mounted.unmount()
  }
  const refused = await mount(said.lower('~/test/lower')).catch((error: unknown) => error)
  expect(isOvlError(refused) && [refused.code, refused.errno]).toEqual(['path-not-expanded', 'ENOENT'])
})
