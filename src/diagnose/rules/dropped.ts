/**
 * Options that were asked for and are not in force. The mount table prints an option only where it
 * differs from the module’s default, and some not at all where they change nothing; so an option that
 * is missing there counts as dropped only when its default is known to be otherwise.
 */

import { findOption } from '../../overlay/options.ts'
import type { Facts } from '../facts.ts'
import { defaultOf } from '../in-force.ts'
import { readSentence } from '../kernel-words.ts'
import { quote, seen, suspect, valueOf } from '../suspect.ts'
import type { Suspect } from '../suspect.ts'

export function droppedSuspects(facts: Facts): Suspect[] {
  const { spec } = facts
  const mounted = valueOf(facts.mounted)
  if (spec === undefined || mounted === undefined) return []
  const writable = spec.upper !== undefined || spec.tmpfs !== undefined
  return Object.entries(spec.options).flatMap(([name, asked]): Suspect[] => {
    const row = findOption(name)
    const inForce = mounted.options[name === 'fsync' && asked === 'volatile' ? 'volatile' : name]
    if (row?.needs === 'upper' && !writable) {
      return asked === 'off' || asked === 'auto' ? [] : [suspect('feature-dropped', [], { severity: 'note', title: `${word(name, asked)} does nothing without an upper`, evidence: [seen('mountinfo', `the overlay at ${quote(mounted.target)} has no upper`), ...reasons(name, facts)], fix: [{ text: `Leave ${name} out.` }] })]
    }
    if (row?.droppable !== true || !isDropped(name, asked, inForce, facts)) return []
    const because = reasons(name, facts)
    return [suspect('feature-dropped', [], {
      title: `${word(name, asked)} is not in force${inForce === undefined ? '' : `: the mount has ${word(name, inForce)}`}`,
      confidence: inForce !== undefined || because.length > 0 || defaultOf(name, facts) !== undefined ? 'certain' : 'likely',
      evidence: [seen('mountinfo', `the overlay at ${quote(mounted.target)} ${inForce === undefined ? `shows no ${name}` : `shows ${word(name, inForce)}`}`), ...because],
      fix: [{ text: FIXES[name] ?? `Leave ${name} out if the mount is good without it.` }],
    })]
  })
}

/** `asked` against what the table shows; `inForce` undefined stands for the default. */
function isDropped(name: string, asked: string | true, inForce: string | true | undefined, facts: Facts): boolean {
  if (inForce === asked) return false
  // Asking for less than there could be is never refused, and `off` is printed as what it stands for.
  if (asked === 'off' || asked === 'nofollow' || asked === 'null') return false
  if (name === 'xino' && (isOneFilesystem(facts) !== false || inForce === 'on')) return false
  // uuid=auto becomes whatever there is; uuid=on is printed until the mount has its id, and null when it cannot.
  if (name === 'uuid') return asked === 'on' && (inForce === 'null' || inForce === 'off')
  // Without an upper nothing makes redirects, and following them is shown as `on`.
  if (name === 'redirect_dir' && asked === 'follow' && inForce === 'on') return false
  if (inForce !== undefined) return true
  const usual = defaultOf(name, facts)
  return usual === undefined ? reasons(name, facts).length > 0 : usual !== asked
}

/** Inode numbers are unique by themselves there, so xino is neither needed nor printed; undefined when it cannot be told. */
function isOneFilesystem({ paths }: Facts): boolean | undefined {
  const layers = paths.filter(({ role }) => role === 'lower' || role === 'data' || role === 'upper')
  const superblocks = new Set<string>()
  for (const { place } of layers) {
    const where = valueOf(place)
    if (where === undefined) return undefined
    superblocks.add(where.superblock)
  }
  return superblocks.size < 2
}

/** The kernel’s words about the option. */
function reasons(name: string, { trial }: Facts): ReturnType<typeof seen>[] {
  return (valueOf(trial?.kernel) ?? []).filter((line) => {
    const found = readSentence(line)
    if (found === undefined || !found.sentence.codes.includes('feature-dropped')) return false
    const { feature = '', dropped, useless = '' } = found.groups
    return feature.includes(`${name}=`) || dropped === name || useless.split('=')[0] === name
  }).map((line) => seen('kernel-log', line))
}

const FIXES: Readonly<Record<string, string>> = {
  index: 'It needs file handles on all layers and xattrs on upper (ext4, xfs, btrfs, tmpfs), and root outside of a user namespace.',
  nfs_export: 'It needs index=on, no metacopy, and without an upper redirect_dir=nofollow.',
  metacopy: 'It needs xattrs on upper and redirect_dir=on.',
  redirect_dir: 'It needs xattrs on upper.',
  xino: 'It needs spare bits in the inode numbers of all layers, and xino=auto file handles too; xino=on asks for less.',
  uuid: 'It needs xattrs on upper.',
}

const word = (name: string, value: string | true): string => (value === true ? name : `${name}=${value}`)
