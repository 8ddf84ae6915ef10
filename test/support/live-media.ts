/** Small live media from real trees: squashfs images of a few files, as an unpacked medium and as an ISO. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Path → content; a squashfs is said by the files in it. */
export type MediumTree = Readonly<Record<string, string | Readonly<Record<string, string>>>>

/** Writes files, and makes images of those that hold files. */
export function writeMedium(top: string, tree: MediumTree): void {
  for (const [path, content] of Object.entries(tree)) {
    mkdirSync(dirname(join(top, path)), { recursive: true })
    if (typeof content === 'string') writeFileSync(join(top, path), content)
    else makeSquashfs(join(top, path), content)
  }
}

/** A squashfs that holds these files. */
export function makeSquashfs(image: string, files: Readonly<Record<string, string>>): void {
  const tree = `${image}.tree`
  mkdirSync(tree)
  writeMedium(tree, files)
  execFileSync('mksquashfs', [tree, image, '-quiet', '-no-progress', '-all-root', '-noappend'], { stdio: ['ignore', 'ignore', 'inherit'] })
  rmSync(tree, { recursive: true })
}

/** An ISO of a directory; `options` are those of mkisofs. */
export function makeIso(directory: string, iso: string, options: readonly string[] = ['-r', '-J', '-V', 'LIVE'], program: 'xorriso' | 'genisoimage' = 'xorriso'): void {
  execFileSync(program, [...(program === 'xorriso' ? ['-as', 'mkisofs'] : []), ...options, '-o', iso, directory], { stdio: 'ignore' })
}

/** A GRUB menu of kernel lines. */
export function grubMenu(...lines: readonly string[]): string {
  return lines.map((line, at) => `menuentry "Entry ${at + 1}" {\n\tlinux\t${line}\n\tinitrd\t${line.replace(/vmlinuz.*/, 'initrd')}\n}\n`).join('')
}
