/**
 * What is in the images: one recipe, so that all three stores hold the same tree and the same questions can be asked of
 * each. A step is a layer in the words of files; the writers below turn it into a layer. No runtime is named here.
 */

import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run } from './command.mjs'
import { inUserNamespace } from './ground.mjs'

/**
 * @typedef {{ name: string, files?: Record<string, string>, gone?: string[], replaced?: string[] }} Step
 * `replaced` directories lose all they had below before `files` are written: an opaque directory.
 */

/** @type {Step[]} bottom first: each teaches one thing a layer can do */
const lessons = [
  {
    name: 'base',
    files: { '/etc/motd': 'from the base\n', '/opt/app/old-a': 'a\n', '/opt/app/old-b': 'b\n', '/srv/doomed': 'not for long\n' },
  },
  { name: 'file added', files: { '/etc/added': 'added in layer 2\n', '/opt/tool/new': 'tool\n' } },
  { name: 'file replaced', files: { '/etc/motd': 'replaced in layer 3\n' } },
  { name: 'file deleted', gone: ['/srv/doomed'] },
  { name: 'directory replaced', replaced: ['/opt/app'], files: { '/opt/app/new': 'all new in layer 5\n' } },
]

/** What the running container did on top of the image. @type {Step} */
export const containerStep = {
  name: 'container',
  files: { '/etc/motd': 'edited in the container\n', '/etc/started': 'once\n' },
  gone: ['/etc/added'],
}

/** What a diff of the container must name (besides its directories). */
export const containerChanges = [
  { path: '/etc/added', kind: 'deleted' },
  { path: '/etc/motd', kind: 'changed' },
  { path: '/etc/started', kind: 'added' },
]

/** The steps of an image of so many layers, bottom first. Above the five lessons each layer adds one file and rewrites another. */
export function imageSteps(count = lessons.length) {
  if (count < lessons.length) throw new RangeError(`an image has at least ${lessons.length} layers here, not ${count}`)
  const fillers = Array.from({ length: count - lessons.length }, (_, index) => {
    const number = String(index + lessons.length + 1).padStart(2, '0')
    return { name: `filler ${number}`, files: { [`/layers/${number}`]: `${number}\n`, '/layers/newest': `${number}\n` } }
  })
  return [...lessons, ...fillers]
}

/** What the merged tree shows after these steps; `content: null` where there must be nothing. */
export function expectationsOf(steps) {
  const tree = new Map()
  for (const { files = {}, gone = [], replaced = [] } of steps) {
    for (const path of tree.keys()) {
      if ([...gone, ...replaced].some((top) => path === top || path.startsWith(`${top}/`))) tree.set(path, null)
    }
    for (const [path, content] of Object.entries(files)) tree.set(path, content)
  }
  return [...tree].map(([path, content]) => ({ path, content })).sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Does a step in a mounted tree, as a shell in the container would; overlayfs makes the whiteouts. */
export async function applyToTree(root, step) {
  for (const path of [...(step.gone ?? []), ...(step.replaced ?? [])]) await rm(join(root, path), { recursive: true })
  for (const path of step.replaced ?? []) await mkdir(join(root, path))
  await writeFiles(root, step)
}

/** Writes a step as a layer directory, as a runtime does that unpacks a tar: the whiteouts are made by hand. */
export async function applyToLayer(layer, step) {
  for (const path of step.gone ?? []) {
    await mkdir(dirname(join(layer, path)), { recursive: true })
    await run(['mknod', join(layer, path), 'c', '0', '0'])
  }
  for (const path of step.replaced ?? []) {
    await mkdir(join(layer, path), { recursive: true })
    await run(['setfattr', '-n', `${inUserNamespace() ? 'user' : 'trusted'}.overlay.opaque`, '-v', 'y', join(layer, path)])
  }
  await writeFiles(layer, step)
}

async function writeFiles(root, { files = {} }) {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
}

/** A static busybox makes the tree one that can be entered. */
export async function addBusybox(root) {
  await mkdir(join(root, 'bin'), { recursive: true })
  await copyFile('/bin/busybox', join(root, 'bin/busybox'))
  await chmod(join(root, 'bin/busybox'), 0o755)
}
