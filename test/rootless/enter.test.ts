/** `ovl live enter` by the root of a user namespace: the same view, and nothing of the host in it. */

import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mount, overlay } from '../../src/index.ts'
import { BIN, runChild } from '../support/command.ts'
import { hasTool, makeGround } from '../root/host/ground.ts'

const ground = makeGround()
const skip = !hasTool('busybox')

test('a command in a tree: its own /dev and /proc, the capabilities of a container, and its status', { skip }, async () => {
  const dir = mkdtempSync(`${ground}/sys-`)
  for (const name of ['bin', 'dev', 'etc', 'proc', 'run', 'sys', 'usr/sbin']) mkdirSync(`${dir}/tree/${name}`, { recursive: true })
  copyFileSync('/bin/busybox', `${dir}/tree/bin/busybox`)
  chmodSync(`${dir}/tree/bin/busybox`, 0o755)
  symlinkSync('busybox', `${dir}/tree/bin/sh`)
  writeFileSync(`${dir}/victim`, 'of the host\n')
  await using at = await mount(overlay().lower(`${dir}/tree`).upper(`${dir}/u`).option('userxattr').at(`${dir}/m`).mkdir())
  const script = `B=/bin/busybox; $B ls /dev; $B cat /proc/1/root${dir}/victim 2>/dev/null; $B grep CapBnd /proc/self/status; echo x >/dev/null; /usr/sbin/policy-rc.d; echo $?; exit 7`
  const { code, stdout } = runChild(process.execPath, [BIN, 'live', 'enter', at.target, '--', '/bin/sh', '-c', script])
  expect({ code, stdout }).toEqual({ code: 7, stdout: 'fd\nfull\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\nCapBnd:\t00000000a80425fb\n101\n' })
})
