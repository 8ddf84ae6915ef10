/** Small live media made of real trees: each layer writes its name into the same file, and deletes and replaces things of the one below. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'

export const MEDIA_TOOLS = ['mksquashfs', 'genisoimage'] as const

export interface Medium {
  /** The ISO, in a directory whose name has blanks. */
  readonly iso: string
  /** The same, as a directory. */
  readonly tree: string
}

export interface Recipe {
  /** `casper` or `live`. */
  readonly shelf: string
  /** Images in the order they are made: each is given what the layers before it hold. */
  readonly images: readonly string[]
  /** Further files of the medium. */
  readonly files?: Readonly<Record<string, string>>
  /** Symlinks at the top of every layer. */
  readonly links?: Readonly<Record<string, string>>
}

/** Makes the medium below `ground`. */
export function makeMedium(ground: string, { shelf, images, files = {}, links = {} }: Recipe): Medium {
  const place = mkdtempSync(`${ground}/a medium `)
  const tree = `${place}/tree`
  mkdirSync(`${tree}/${shelf}`, { recursive: true })
  images.forEach((image, at) => {
    const layer = `${place}/layer-${at}`
    fillLayer(layer, image, images.slice(0, at))
    for (const [name, to] of Object.entries(links)) symlinkSync(to, `${layer}/${name}`)
    execFileSync('mksquashfs', [layer, `${tree}/${shelf}/${image}`, '-quiet', '-no-progress', '-comp', 'gzip', '-processors', '1'], { stdio: 'ignore' })
  })
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(`${tree}/${name}`.replace(/\/[^/]*$/, ''), { recursive: true })
    writeFileSync(`${tree}/${name}`, text)
  }
  const iso = `${place}/live.iso`
  execFileSync('genisoimage', ['-quiet', '-R', '-J', '-joliet-long', '-V', 'LIVE', '-o', iso, tree], { stdio: 'ignore' })
  return { iso, tree }
}

/** What the layers do to each other: `who`, a whiteout, an opaque directory, a file in place of a directory, an owner, an xattr. */
function fillLayer(layer: string, name: string, below: readonly string[]): void {
  mkdirSync(`${layer}/etc`, { recursive: true })
  mkdirSync(`${layer}/home/user`, { recursive: true })
  mkdirSync(`${layer}/dir`)
  writeFileSync(`${layer}/who`, `${name}\n`)
  writeFileSync(`${layer}/etc/of-${name}`, `${name}\n`)
  writeFileSync(`${layer}/home/user/note`, `${name}\n`)
  writeFileSync(`${layer}/dir/in-${name}`, '')
  writeFileSync(`${layer}/to-delete-${name}`, '')
  mkdirSync(`${layer}/to-replace-${name}`)
  execFileSync('chown', ['1000:1000', `${layer}/home/user`, `${layer}/home/user/note`])
  const under = below.at(-1)
  if (under === undefined) return
  execFileSync('mknod', [`${layer}/to-delete-${under}`, 'c', '0', '0'])
  writeFileSync(`${layer}/to-replace-${under}`, `a file of ${name}\n`)
  if (below.length === 2) execFileSync('setfattr', ['-n', 'trusted.overlay.opaque', '-v', 'y', `${layer}/dir`])
}

/** Every path with kind, mode, owner, size and content, sorted: two trees that are the same give the same text. */
export function describeTree(root: string): string {
  return execFileSync('sh', ['-ec', 'cd "$1"; find . -printf "%p %y %m %U:%G %l\\n" | sort; find . -type f -print0 | sort -z | xargs -0 sha256sum', 'sh', root], { encoding: 'utf8' })
}

/** The images mounted by hand, topmost first, as the documentation of casper and live-boot has it. Returns the merged tree, read-only below a tmpfs. */
export function mountByHand(ground: string, images: readonly string[]): string {
  const place = mkdtempSync(`${ground}/hand-`)
  for (const name of ['rw', 'merged']) mkdirSync(`${place}/${name}`)
  const lower = images.map((image, at) => {
    mkdirSync(`${place}/${at}`)
    execFileSync('mount', ['-t', 'squashfs', '-o', 'loop,ro,noatime', image, `${place}/${at}`])
    return `${place}/${at}`
  })
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', `${place}/rw`])
  for (const name of ['upper', 'work']) mkdirSync(`${place}/rw/${name}`)
  execFileSync('mount', ['-t', 'overlay', '-o', `lowerdir=${lower.join(':')},upperdir=${place}/rw/upper,workdir=${place}/rw/work`, '/cow', `${place}/merged`])
  return `${place}/merged`
}

/** Takes down what {@link mountByHand} put up. */
export function unmountByHand(merged: string): void {
  const place = merged.slice(0, merged.lastIndexOf('/'))
  execFileSync('umount', [merged])
  for (const name of readdirSync(place).filter((one) => /^\d+$|^rw$/.test(one))) execFileSync('umount', [`${place}/${name}`])
}
