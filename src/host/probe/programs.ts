/** Programs that ovl runs, or that do what the kernel will not: which are installed, and their versions. */

import { accessSync, constants } from 'node:fs'
import type { Probed } from '../../diagnose/doctor.ts'
import { isOvlError } from '../../errors/ovl-error.ts'
import { run } from '../exec.ts'
import { heard, missing, refused, works } from './probe.ts'
import type { PlainProbe, Seen } from './probe.ts'

const program = (id: string, argument: string, use: string, judge: Judge = (version) => works(`${version}${version === '' ? '' : ': '}${use}`)): PlainProbe => ({
  id, group: 'programs', what: id, where: 'here', probe: (seen) => probeProgram(id, argument, judge, seen),
})

/** A version, or '' when it says none, and the words it was in. */
type Judge = (version: string, said: string) => Probed

export const PROGRAM_PROBES: readonly PlainProbe[] = [
  program('mount', '--version', '', judgeMount),
  program('unshare', '--version', 'namespaces'),
  program('fuse-overlayfs', '--version', 'overlay without the kernel’s', judgeFuse),
  program('newuidmap', '--help', 'more ids than one without root', () => works('more ids than one without root')),
  program('mksquashfs', '-version', 'packs trees'),
  program('unsquashfs', '-version', 'unpacks them'),
  program('mkfs.erofs', '--version', 'packs trees'),
  program('xorriso', '-version', 'makes ISO images'),
]

async function probeProgram(name: string, argument: string, judge: Judge, { signal }: Seen): Promise<Probed> {
  try {
    const { stdout, stderr } = await run(name, [argument], { env: { LC_ALL: 'C' }, ...(signal === undefined ? {} : { signal }) })
    const said = `${stdout}\n${stderr}`.trim()
    // fuse-overlayfs names the library’s version too.
    const lines = said.split('\n').filter((line) => /\d\.\d/.test(line))
    const line = lines.find((line) => line.includes(name)) ?? lines[0] ?? ''
    const found = judge(/\d+(?:\.\d+)+/.exec(line)?.[0] ?? '', said)
    return { ...found, evidence: [...heard('probe', [line.trim() || `${name} ${argument} was run`]), ...found.evidence] }
  } catch (error) {
    if (!isOvlError(error)) throw error
    // It may lie in a directory of the PATH that this user may not search.
    if (error.errno === 'EACCES') return missing('not where this user may look', { evidence: heard('probe', [error.message]) })
    if (error.code !== 'tool-missing') throw error
    const command = /apt install \S+/.exec(error.details.hint ?? '')?.[0]
    return missing(`not installed${command === undefined ? '' : `: ${command}`}`, { evidence: heard('probe', [error.message]) })
  }
}

/** From 2.39 on it hands options to fsconfig, which takes 255 bytes of each. */
function judgeMount(version: string, said: string): Probed {
  if (/busybox/i.test(said)) return works('BusyBox: mount(2) only')
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isNew = major > 2 || (major === 2 && minor >= 39)
  const parts = [{ name: 'version', state: 'works', detail: version }, { name: 'fsconfig', state: isNew ? 'works' : 'missing' }] as const
  return works(`util-linux ${version}: ${isNew ? 'fsconfig, 255 bytes a value' : 'mount(2) only'}`, { parts })
}

function judgeFuse(version: string): Probed {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK)
    return works(`${version}: overlay without the kernel’s`)
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException
    return refused(`${version}, but /dev/fuse is ${code === 'ENOENT' ? 'missing' : 'closed to this user'}`, { evidence: heard('probe', [`/dev/fuse: ${code}`]) })
  }
}
