/**
 * The ground a store stands on: a private mount namespace under it, and a way to clear it away without ever deleting
 * through a mount. It knows nothing of any runtime.
 */

import { readFileSync, readlinkSync } from 'node:fs'
import { mkdir, readFile, realpath, rm } from 'node:fs/promises'
import { run } from './command.mjs'

/**
 * Throws unless a mount made now stays inside a namespace of our own. Stores mount, and some start daemons: on the host
 * that would be seen (and could be broken) by everyone.
 */
export function requirePrivateNamespace() {
  const own = readlinkSync('/proc/self/ns/mnt')
  const first = namespaceOf(1)
  // Reading pid 1's link needs ptrace rights over it, which even root may lack in a sandbox. Then some ancestor must be
  // in another namespace: that is what `unshare` leaves behind. Knowing neither, we refuse; but in a user namespace the
  // ancestors cannot be read, and the kernel itself refuses mounts outside of what was unshared (mount_namespaces(7)).
  const others = first === undefined ? ancestors().map(namespaceOf) : [first]
  if (others.some((other) => other !== undefined && other !== own)) return
  if (first === undefined && inUserNamespace()) return
  throw new Error('a container store is made only in a private mount namespace: unshare --mount --propagation private …')
}

/** Without the host's root rights overlayfs keeps its marks in user.overlay.* instead of trusted.overlay.*: see userxattr. */
export function inUserNamespace() {
  return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'))
}

function namespaceOf(pid) {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`)
  } catch {
    return undefined
  }
}

function ancestors() {
  const pids = []
  for (let pid = process.ppid; pid > 0; ) {
    pids.push(pid)
    try {
      pid = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
    } catch {
      break
    }
  }
  return pids
}

/** Makes DIR for a store and gives its real path: mountinfo shows real paths, and everything is compared with it. */
export async function openGround(dir) {
  requirePrivateNamespace()
  // The runtimes escape nothing: a comma or colon in their home breaks their own mounts.
  if (/[\s:,"\\]/.test(dir)) throw new Error(`"${dir}" has a character that container runtimes cannot have in a path`)
  await mkdir(dir, { recursive: true })
  const real = await realpath(dir)
  // A namespace of our own is not enough: a shared mount below DIR sends each new mount back to where it was copied from.
  const cover = (await mounts()).filter(({ target }) => isBelow(real, target)).at(-1)
  if (cover?.shared) throw new Error(`"${cover.target}" is a shared mount: unshare with --propagation private`)
  return real
}

/** The mountinfo line of the topmost mount at TARGET, as the kernel wrote it. */
export async function mountinfoLine(target) {
  const found = (await mounts()).findLast((mount) => mount.target === target)
  if (!found) throw new Error(`nothing is mounted at "${target}"`)
  return found.line
}

/** Targets of the mounts at and below DIR, in the order they must be unmounted. */
export async function mountsBelow(dir) {
  return (await mounts()).map(({ target }) => target).filter((target) => isBelow(target, dir)).reverse()
}

async function mounts() {
  const text = await readFile('/proc/self/mountinfo', 'utf8')
  return text.trimEnd().split('\n').map((line) => {
    const [, , , , target] = line.split(' ')
    const unescaped = target.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))
    return { line, target: unescaped, shared: / shared:\d+ .*- /.test(line) }
  })
}

function isBelow(path, dir) {
  return path === dir || path.startsWith(dir === '/' ? '/' : `${dir}/`)
}

export async function unmount(target) {
  // Not lazily: a lazy unmount hides a user that is still inside, and the files under it would be deleted from below it.
  for (let attempt = 1; ; attempt += 1) {
    try {
      await run(['umount', '--', target], { env: { ...process.env, LC_ALL: 'C' } })
      return
    } catch (error) {
      if (attempt === 40 || !/busy/.test(error.message)) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** Unmounts all that is left below DIR, then removes it. Refuses to remove anything while a mount is still there. */
export async function clearGround(dir) {
  for (const target of await mountsBelow(dir)) await unmount(target)
  const left = await mountsBelow(dir)
  if (left.length > 0) throw new Error(`still mounted, so not removed: ${left.join(', ')}`)
  await rm(dir, { recursive: true, force: true })
}
