/**
 * The kernel of a packed medium when the one in its tree was upgraded: a medium boots its own kernel, which then finds no
 * modules in what was packed. It is renewed from the tree, with its initrd, where that has all that is needed.
 */

import { finding } from '../errors/make-finding.ts'
import type { Finding } from '../errors/finding.ts'
import { lstatName, readDirectory } from '../host/files.ts'
import { readInitrdFile } from '../host/initrd-file.ts'
import { readHead, readMediumHead } from '../host/pack-iso.ts'
import { KERNEL_HEAD, bootedKernels, newestLike, parseKernelVersion } from '../live/kernel.ts'
import type { BootedKernel } from '../live/kernel.ts'
import type { Medium } from '../live/medium.ts'
import type { MediumEdit } from '../live/pack.ts'
import { pathPrefixes } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import type { LiveMount } from './live.ts'

export interface RenewedKernels {
  /** Path on the medium → the file of the tree that is put there. */
  readonly put: ReadonlyMap<string, string>
  readonly findings: readonly Finding[]
}

/** What becomes of the kernels that boot what is packed: mostly nothing. */
export async function renewKernels(live: LiveMount, medium: Medium, edit: MediumEdit): Promise<RenewedKernels> {
  const modules = modulesIn(live.target)
  const before = new Set(live.layers.flatMap(({ at }) => modulesIn(at)))
  const put = new Map<string, string>()
  const findings: Finding[] = []
  for (const kernel of bootedKernels(medium, edit)) {
    const version = parseKernelVersion(readMediumHead(medium, kernel.path, KERNEL_HEAD))
    // A kernel that never had modules in the tree needs none.
    if (version === undefined || modules.includes(version) || (modules.length === 0 && !before.has(version))) continue
    const fit = await fitting(live, medium, kernel, version, modules)
    findings.push('why' in fit ? stale(live, kernel, version, fit, modules) : renewed(kernel, version, fit.version))
    if ('why' in fit) continue
    put.set(kernel.path, `${live.target}/boot/vmlinuz-${fit.version}`)
    for (const initrd of kernel.initrds) put.set(initrd, `${live.target}/boot/initrd.img-${fit.version}`)
  }
  return { put, findings }
}

interface Unfit {
  readonly why: string
  /** A kernel that lacks an initrd alone. */
  readonly bare?: string | undefined
}

const SCRIPTS = { casper: 'scripts/casper', 'live-boot': 'scripts/live', plain: undefined } as const

async function fitting({ target, system }: LiveMount, medium: Medium, { initrds, shared }: BootedKernel, old: string, modules: readonly string[]): Promise<{ readonly version: string } | Unfit> {
  const kernels = modules.filter((version) => isPlain(target, `/boot/vmlinuz-${version}`, 'file') && parseKernelVersion(readHead(target, `/boot/vmlinuz-${version}`, KERNEL_HEAD)) === version)
  const version = newestLike(old, kernels.filter((one) => isPlain(target, `/boot/initrd.img-${one}`, 'file')))
  if (version === undefined) return { why: 'the tree has no /boot/vmlinuz-VERSION with /boot/initrd.img-VERSION and modules for it', bare: newestLike(old, kernels) }
  if (shared) return { why: 'other entries of the boot menu boot other images with the same kernel, or another kernel with its initrd' }
  if (initrds.length === 0) return { why: 'no initrd of the medium is known that goes with it' }
  if (Object.keys(medium.texts).some((path) => initrds.some((initrd) => path.startsWith(`${initrd}/`)))) return { why: 'the initrd of the medium says which image is the topmost, which one of the tree does not' }
  const script = SCRIPTS[system]
  if (script === undefined) return { why: 'what its initrd must hold is known for casper and live-boot only' }
  const initrd = `/boot/initrd.img-${version}`
  const read = await readInitrdFile(`${target}${initrd}`, [script])
  if (typeof read === 'string') return { why: `'${initrd}' of the tree could not be read: ${read}` }
  return Object.hasOwn(read, script) ? { version } : { why: `'${initrd}' of the tree has nothing of ${system} in it` }
}

/** Versions with modules. A tree of merged /usr has a symlink at /lib. */
function modulesIn(root: string): readonly string[] {
  const shelves = ['/usr/lib/modules', '/lib/modules'].filter((path) => isPlain(root, path, 'directory'))
  return [...new Set(shelves.flatMap((path) => readDirectory(`${root}${path}`).filter((name) => isPlain(root, `${path}/${name}`, 'directory') && readDirectory(`${root}${path}/${name}`).length > 0)))]
}

/** Not behind a symlink, which could lead out of the tree. */
function isPlain(root: string, path: string, kind: 'file' | 'directory'): boolean {
  return pathPrefixes(path).slice(1).every((prefix) => {
    const found = lstatName(`${root}${prefix}`)
    return typeof found === 'object' && found.kind === (prefix === path ? kind : 'directory')
  })
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
