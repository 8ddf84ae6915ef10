/**
 * The kernel of a packed medium when the one in its tree was upgraded: a medium boots its own kernel, which then finds no
 * modules in what was packed. It is renewed from the tree, with its initrd, where that has all that is needed.
 */

import { finding } from '../errors/make-finding.ts'
import type { Finding } from '../errors/finding.ts'
import { constants } from 'node:fs'
import { holdDirectory, listBelow, openBelow, statBelow } from '../host/beneath.ts'
import type { HeldDirectory } from '../host/held-directory.ts'
import type { OwnedFd } from '../host/fd.ts'
import { readInitrdFile } from '../host/initrd-file.ts'
import { readMediumHead } from '../host/pack-iso.ts'
import { readPiece, requireRegular } from '../host/regular-file.ts'
import { KERNEL_HEAD, bootedKernels, newestLike, parseKernelVersion } from '../live/kernel.ts'
import type { BootedKernel } from '../live/kernel.ts'
import type { Medium } from '../live/medium.ts'
import type { MediumEdit } from '../live/pack.ts'
import { quoteShell } from '../names/shell.ts'
import type { LiveMount } from './live.ts'

export interface RenewedKernels {
  /** Path on the medium → path in the tree of the file that is put there. */
  readonly put: ReadonlyMap<string, string>
  readonly findings: readonly Finding[]
}

/** What becomes of the kernels that boot what is packed: mostly nothing. */
export async function renewKernels(live: LiveMount, medium: Medium, edit: MediumEdit): Promise<RenewedKernels> {
  using tree = holdDirectory(live.target)
  const modules = modulesIn(tree)
  const before = new Set(live.layers.flatMap(({ at }) => modulesAt(at)))
  const put = new Map<string, string>()
  const findings: Finding[] = []
  for (const kernel of bootedKernels(medium, edit)) {
    const version = parseKernelVersion(readMediumHead(medium, kernel.path, KERNEL_HEAD))
    // A kernel that never had modules in the tree needs none.
    if (version === undefined || modules.includes(version) || (modules.length === 0 && !before.has(version))) continue
    const fit = await fitting(tree, live, medium, kernel, version, modules)
    findings.push('why' in fit ? stale(live, kernel, version, fit, modules) : renewed(kernel, version, fit.version))
    if ('why' in fit) continue
    put.set(kernel.path, `/boot/vmlinuz-${fit.version}`)
    for (const initrd of kernel.initrds) put.set(initrd, `/boot/initrd.img-${fit.version}`)
  }
  return { put, findings }
}

interface Unfit {
  readonly why: string
  /** A kernel that lacks an initrd alone. */
  readonly bare?: string | undefined
}

const SCRIPTS = { casper: 'scripts/casper', 'live-boot': 'scripts/live', plain: undefined } as const

async function fitting(tree: HeldDirectory, { system }: LiveMount, medium: Medium, { initrds, shared }: BootedKernel, old: string, modules: readonly string[]): Promise<{ readonly version: string } | Unfit> {
  const kernels = modules.filter((version) => versionAt(tree, `/boot/vmlinuz-${version}`) === version)
  const version = newestLike(old, kernels.filter((one) => isPlain(tree, `/boot/initrd.img-${one}`, 'file')))
  if (version === undefined) return { why: 'the tree has no /boot/vmlinuz-VERSION with /boot/initrd.img-VERSION and modules for it', bare: newestLike(old, kernels) }
  if (shared) return { why: 'other entries of the boot menu boot other images with the same kernel, or another kernel with its initrd' }
  if (initrds.length === 0) return { why: 'no initrd of the medium is known that goes with it' }
  if (Object.keys(medium.texts).some((path) => initrds.some((initrd) => path.startsWith(`${initrd}/`)))) return { why: 'the initrd of the medium says which image is the topmost, which one of the tree does not' }
  const script = SCRIPTS[system]
  if (script === undefined) return { why: 'what its initrd must hold is known for casper and live-boot only' }
  const initrd = `/boot/initrd.img-${version}`
  using file = openFile(tree, initrd)
  const read = await readInitrdFile(file, [script])
  if (typeof read === 'string') return { why: `'${initrd}' of the tree could not be read: ${read}` }
  return Object.hasOwn(read, script) ? { version } : { why: `'${initrd}' of the tree has nothing of ${system} in it` }
}

const openFile = (tree: HeldDirectory, path: string): OwnedFd => requireRegular(openBelow(tree, path, constants.O_RDONLY), `${tree.path}${path}`)

function versionAt(tree: HeldDirectory, path: string): string | undefined {
  if (!isPlain(tree, path, 'file')) return undefined
  using file = openFile(tree, path)
  return parseKernelVersion(readPiece(file, 0, KERNEL_HEAD))
}

function modulesAt(path: string): readonly string[] {
  using tree = holdDirectory(path)
  return modulesIn(tree)
}

/** Versions with modules. A tree of merged /usr has a symlink at /lib. */
function modulesIn(tree: HeldDirectory): readonly string[] {
  const shelves = ['/usr/lib/modules', '/lib/modules'].filter((path) => isPlain(tree, path, 'directory'))
  return [...new Set(shelves.flatMap((path) => listBelow(tree, path).filter((name) => isPlain(tree, `${path}/${name}`, 'directory') && listBelow(tree, `${path}/${name}`).length > 0)))]
}

/** Not behind a symlink, which could lead out of the tree. */
function isPlain(tree: HeldDirectory, path: string, kind: 'file' | 'directory'): boolean {
  const found = statBelow(tree, path)
  return typeof found === 'object' && found.kind === kind
}

const renewed = ({ path, initrds }: BootedKernel, old: string, version: string): Finding => finding('pack-incomplete', {
  severity: 'note', title: `the kernel of the medium, ${old}, is renewed: ${[path, ...initrds].join(' and ')} ${initrds.length === 0 ? 'is' : 'are'} ${version} of the tree`,
  explanation: 'The kernel in the tree was upgraded: it has no modules any more for the one that the medium boots.',
  evidence: [{ fact: `'${path}' is ${old}`, source: 'file' }],
})

function stale({ target }: LiveMount, { path }: BootedKernel, old: string, { why, bare }: Unfit, modules: readonly string[]): Finding {
  return finding('pack-incomplete', {
    severity: 'warning', title: `the medium boots the kernel ${old}, and the tree has no modules for it any more`,
    explanation: 'It would start without its drivers, if at all. The kernel of the medium was left as it is.',
    evidence: [{ fact: `'${path}' is ${old}`, source: 'file' }, { fact: `the tree has modules for ${modules.length === 0 ? 'no kernel' : modules.join(', ')}`, source: 'file' }, { fact: why, source: 'file' }],
    fix: [
      ...(bare === undefined ? [] : [{ text: `Make the initrd of ${bare}, and pack again.`, command: `ovl live enter ${quoteShell(target)} -- update-initramfs -c -k ${bare}` }]),
      { text: 'Install the kernel of the medium in the tree again, and pack again.', command: `ovl live enter ${quoteShell(target)} -- apt-get install --reinstall linux-image-${old}` },
    ],
  })
}
