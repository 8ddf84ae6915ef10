/** Notes on the entries of a live upper that its options cannot read: files and directories that are there, and fail when they are used. */

import type { Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import type { Inspection } from '../mounts/inspection.ts'
import type { UpperNote, UpperWalk } from './live-health.ts'
import { quote, seen } from './suspect.ts'

interface Trouble {
  readonly is: (note: UpperNote, overlay: Options) => boolean
  readonly words: (which: string) => string
  readonly fix: string
}

interface Options {
  readonly metacopy?: string | boolean
  readonly redirect?: string | boolean
  readonly userxattr: boolean
}

const isRead = ({ prefix }: UpperNote, { userxattr }: Options): boolean => (prefix === 'user') === userxattr

/** `..`, nothing, or a path that does not begin at the root of the overlay: the kernel answers EINVAL. */
const isBadRedirect = (value: string): boolean => value === '' || value.split('/').some((part, at) => part === '..' || part === '.' || (part === '' && at > 0)) || (!value.startsWith('/') && value.includes('/'))

/** The first that fits tells. */
const TROUBLES: readonly Trouble[] = [
  { is: (note, overlay) => note.kind === 'metacopy' && note.prefix === 'trusted' && overlay.userxattr, words: (which) => `${which} will be read as zeros: the note that its data is in a lower was made without userxattr`, fix: 'Unmount it, and mount it without userxattr and with metacopy=on, as it was when the note was made.' },
  { is: (note, overlay) => note.kind === 'redirect' && isRead(note, overlay) && isBadRedirect(note.value), words: (which) => `${which} cannot be looked up: its redirect is not one that the kernel follows`, fix: 'Unmount it, and remove the attribute from the directory in upper (setfattr -x); it is seen without its lower part then.' },
  { is: (note, overlay) => note.kind === 'redirect' && isRead(note, overlay) && overlay.redirect === 'nofollow', words: (which) => `${which} was renamed with redirect_dir=on, and redirect_dir=nofollow does not look where it was before`, fix: 'Unmount it, and mount it with redirect_dir=on or follow.' },
  { is: (note, overlay) => note.kind === 'metacopy' && isRead(note, overlay) && overlay.metacopy === 'off', words: (which) => `${which} cannot be read: its data is in a lower, and metacopy=off does not look there`, fix: 'Unmount it, and mount it with metacopy=on.' },
  { is: (note, overlay) => note.kind === 'metacopy' && isRead(note, overlay) && note.dataGone === true, words: (which) => `${which} cannot be read: its data should be in a lower, and is not there any more`, fix: 'Bring the file of the lower back. Upper holds nothing but its owner, mode and times.' },
]

/** One finding for each kind of trouble, with the first of its entries. */
export function unreadable({ inForce, upper = '' }: Inspection, { notes }: UpperWalk): Finding[] {
  const value = (name: string): string | boolean | undefined => inForce.find((option) => option.name === name)?.value
  const [metacopy, redirect] = [value('metacopy'), value('redirect_dir')]
  const overlay: Options = { userxattr: value('userxattr') === true, ...(metacopy === undefined ? {} : { metacopy }), ...(redirect === undefined ? {} : { redirect }) }
  const troubles = new Map<Trouble, UpperNote[]>()
  for (const note of notes) {
    const trouble = TROUBLES.find(({ is }) => is(note, overlay))
    if (trouble !== undefined) troubles.set(trouble, [...(troubles.get(trouble) ?? []), note])
  }
  return Array.from(troubles, ([{ words, fix }, found]) => finding('metacopy-mismatch', {
    title: words(`${quote(found[0]?.path ?? '')}${found.length === 1 ? '' : ` (and ${found.length - 1} more)`}`),
    evidence: found.slice(0, 3).map(({ path, prefix, kind, value: text }) => seen('probe', `${quote(`${upper}${path}`)} has ${prefix}.overlay.${kind}${kind === 'redirect' ? `=${quote(text)}` : ''}`)),
    fix: [{ text: fix }],
  }))
}
