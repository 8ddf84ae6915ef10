/** Examples as their README has an ordinary user run them: inside `unshare --user --map-root-user --mount`. */

import { mkdtempSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ROOT } from '../support/command.ts'
import { makeShell } from '../support/shell.ts'
import { makeGround } from '../root/host/ground.ts'

const ground = makeGround()
const { sh } = makeShell(ground)

test.each([
  ['sh', '01-two-directories.sh', 'warning[userns-needs-userxattr]'],
  ['sh', '04-read-only.sh', 'error[work-other-filesystem]'],
  ['node', 'library.mjs', 'options: lowerdir=over:base,upperdir=upper,workdir=upper.work,userxattr'],
])('%s examples/%s', (interpreter, name, words) => {
  const tmp = mkdtempSync(`${ground}/tmp-`)
  const { code, stdout } = sh(tmp, `exec ${interpreter} "$1" 2>&1`, [`${ROOT}examples/${name}`], { TMPDIR: tmp })
  expect(code, stdout).toBe(0)
  expect(stdout).toContain(words)
  expect(readdirSync(tmp)).toEqual([])
})
