/**
 * What comes first at boot. systemd derives no order from lowerdir, upperdir and workdir: a line must
 * say itself which mounts it waits for. mount -a goes from top to bottom.
 */

import type { Finding } from '../../errors/finding.ts'
import { finding } from '../../errors/make-finding.ts'
import { ROLE_WORDS } from '../../diagnose/rules/paths.ts'
import { isWithin, tidyPath } from '../../names/path.ts'
import type { FstabEntry } from '../file.ts'
import { wordsOf } from '../overlay-line.ts'
import { pathOfUnit, unitName } from '../unit-name.ts'
import { ALWAYS_THERE, NETWORK } from '../words.ts'
import { bySystemd } from './boot.ts'
import type { BootPath, Judged } from './boot.ts'

export function orderFindings(judged: Judged): Finding[] {
  const layers = judged.paths.filter(({ fact }) => fact.role !== 'target')
  const seen = new Set<string>()
  return layers.flatMap((path) => {
    const mount = path.mounts.at(-1)
    const point = mount === undefined ? path.unlisted : tidyPath(mount.target)
    if (point === undefined || seen.has(point) || ALWAYS_THERE.some((there) => isWithin(point, there))) return []
    seen.add(point)
    return mount === undefined ? unlisted(path, point, judged) : [...order(path, mount, judged), ...whenAbsent(path, mount, judged)]
  })
}

/** Whether systemd waits for the mount at `point` before this line. */
function isOrdered({ words, spec: { target } }: Judged, point: string, mount?: FstabEntry): boolean {
  const valuesOf = (key: RegExp, of: readonly string[]): string[] => of.filter((word) => key.test(word)).map((word) => word.slice(word.indexOf('=') + 1))
  const paths = [...valuesOf(/^x-systemd\.(requires|wants)-mounts-for=/, words), target]
  const pulled = mount === undefined || !wordsOf(mount).includes('noauto')
  // A mount below it waits for it by itself.
  const units = valuesOf(pulled ? /^x-systemd\.(requires|wants|after)=/ : /^x-systemd\.(requires|wants)=/, words).map((unit) => (unit.startsWith('/') ? unit : pathOfUnit(unit) ?? ''))
  const before = mount === undefined ? [] : valuesOf(/^x-systemd\.(before|required-by|wanted-by)=/, wordsOf(mount))
  const initrd = mount !== undefined && !words.includes('x-initrd.mount') && (wordsOf(mount).includes('x-initrd.mount') || point === '/usr')
  return initrd || paths.some((path) => isWithin(tidyPath(path), point)) || units.some((path) => isWithin(tidyPath(path), point)) || before.some((unit) => unit === unitName(target, 'mount') || unit === tidyPath(target))
}

const about = ({ fact: { role, path } }: BootPath): string => `${ROLE_WORDS[role]} '${path}'`

function order(path: BootPath, mount: FstabEntry, judged: Judged): Finding[] {
  const { facts, entry, auto } = judged
  const point = tidyPath(mount.target)
  const later = mount.line > entry.line
  const systemd = bySystemd(facts)
  const ordered = systemd && isOrdered(judged, point, mount)
  if (ordered || (!systemd && !later)) return []
  const triggered = wordsOf(mount).includes('x-systemd.automount')
  const below = { fact: `line ${mount.line}: ${mount.source} on '${point}' (${mount.type})${later ? ', after this line' : ''}`, source: 'message' } as const
  const title = systemd ? `${about(path)} lies on '${point}' (line ${mount.line}), and nothing makes this line wait for it` : `${about(path)} lies on '${point}', which line ${mount.line} mounts only after this one`
  return [finding('lower-not-mounted-yet', {
    title, severity: auto && !triggered ? 'error' : 'note', confidence: auto ? 'certain' : 'possible', evidence: [below],
    explanation: systemd
      ? `systemd mounts the lines of fstab side by side. From an overlay line it reads only the mount point; that '${point}' has to come first must be said.${later ? ' mount -a, which goes from top to bottom, comes to this line too early as well.' : ''}`
      : 'mount -a mounts the lines from top to bottom.',
    fix: [...(systemd ? [{ text: `Add x-systemd.requires-mounts-for=${path.fact.path} to the options.` }] : []), ...(later ? [{ text: `Put this line below line ${mount.line}.` }] : [])],
  })]
}

/** A mount that some unit or script makes, or that somebody made by hand. */
function unlisted(path: BootPath, point: string, judged: Judged): Finding[] {
  if (!judged.auto || !bySystemd(judged.facts) || isOrdered(judged, point)) return []
  return [finding('lower-not-mounted-yet', {
    title: `${about(path)} lies on the mount '${point}', which no line of this file makes, and nothing makes this line wait for it`, severity: 'warning', confidence: 'likely',
    evidence: [{ fact: `'${point}' is a mount point now`, source: 'mountinfo' }],
    fix: [{ text: `Add x-systemd.requires-mounts-for=${path.fact.path} to the options, if a unit mounts it; else give it a line of its own.` }],
  })]
}

/** What happens when the disk is not there, or the network not yet. */
function whenAbsent(path: BootPath, mount: FstabEntry, { words, auto, facts }: Judged): Finding[] {
  if (!auto || !bySystemd(facts)) return []
  const below = wordsOf(mount)
  const optional = below.find((word) => word === 'nofail' || word === 'noauto')
  const remote = NETWORK.test(mount.type) || below.includes('_netdev')
  const evidence = [{ fact: `line ${mount.line}: ${mount.type}, ${mount.options}`, source: 'message' }] as const
  return [
    ...(optional === undefined || words.includes('nofail') ? [] : [finding('lower-not-mounted-yet', {
      title: `'${tidyPath(mount.target)}' may be absent (line ${mount.line} says ${optional}), and this line lacks nofail: boot would stop without it`, severity: 'warning', evidence,
      explanation: `${about(path)} lies there. A line without nofail is required at boot: when it cannot be mounted, systemd ends in the emergency shell.`, fix: [{ text: 'Add nofail to the options.' }],
    })]),
    ...(!remote || words.includes('_netdev') ? [] : [finding('lower-not-mounted-yet', {
      title: `'${tidyPath(mount.target)}' comes over the network (line ${mount.line}), and this line lacks _netdev`, severity: 'warning', evidence,
      explanation: `${about(path)} lies there. systemd takes an overlay for a local file system, to be mounted before the network is up; waiting for a network mount then makes a circle, which systemd breaks by leaving one of the two out.`, fix: [{ text: 'Add _netdev to the options.' }],
    })]),
  ]
}
