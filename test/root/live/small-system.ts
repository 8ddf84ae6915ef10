/** A system of one static program, and an overlay over it: what `ovl live enter` is tried on. */

import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs'
import { mount, overlay } from '../../../src/index.ts'
import type { Mounted } from '../../../src/index.ts'
import { ovl } from '../../support/command.ts'
import type { Ran, Surroundings } from '../../support/command.ts'

const APPLETS = ['sh', 'ps', 'cat', 'ls', 'mount', 'umount', 'sleep', 'touch', 'kill', 'mknod', 'head', 'env', 'find', 'grep', 'chroot', 'tty', 'hostname', 'id', 'chmod', 'chown', 'rm', 'mv', 'ln', 'stty']

/** `arrange` changes the tree before it is mounted. */
export async function smallSystem(ground: string, arrange: (tree: string) => void = () => undefined): Promise<Mounted & { readonly tree: string }> {
  const dir = mkdtempSync(`${ground}/sys-`)
  const tree = `${dir}/a tree`
  for (const name of ['bin', 'dev', 'etc', 'proc', 'run', 'sys', 'usr/sbin', 'root']) mkdirSync(`${tree}/${name}`, { recursive: true })
  copyFileSync('/bin/busybox', `${tree}/bin/busybox`)
  chmodSync(`${tree}/bin/busybox`, 0o755)
  for (const name of APPLETS) symlinkSync('busybox', `${tree}/bin/${name}`)
  arrange(tree)
  const mounted = await mount(overlay().lower(tree).upper(`${dir}/u`).at(`${dir}/m`).mkdir())
  return Object.assign(mounted, { tree })
}

/** What a script of its shell says, by the command line: it has our standard output to itself. */
export function inside(target: string, script: string, options: readonly string[] = [], surroundings: Surroundings = {}): Ran {
  return ovl(['live', 'enter', ...options, target, '--', '/bin/sh', '-c', script], surroundings)
}
