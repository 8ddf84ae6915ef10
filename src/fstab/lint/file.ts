/** What is seen only in the whole file: lines that are dropped, targets that have two lines, programs that lines need. */

import type { Finding } from '../../errors/finding.ts'
import { finding } from '../../errors/make-finding.ts'
import { tidyPath } from '../../names/path.ts'
import type { FstabMalformed } from '../file.ts'
import { isOverlayLine } from '../overlay-line.ts'
import { bySystemd } from './boot.ts'
import type { Judged } from './boot.ts'
import type { LintFacts, LintProgram } from './facts.ts'

export function fileFindings(judged: Judged): Finding[] {
  return [...twice(judged), ...programs(judged)]
}

function twice({ entry, facts, index, spec: { target } }: Judged): Finding[] {
  const before = index.points.get(tidyPath(target))?.find((other) => other.line < entry.line)
  // Over `/` there is more to say: see root.ts.
  if (before === undefined || tidyPath(target) === '/') return []
  const what = `line ${before.line} mounts '${before.source}' (${before.type}) on '${target}' already`
  return [finding('option-conflict', {
    title: bySystemd(facts) ? `${what}: systemd takes the first of the two lines and drops this one` : `${what}: this one hides it`,
    evidence: [{ fact: `line ${before.line}: ${before.source} ${before.target} ${before.type}`, source: 'message' }],
    explanation: 'systemd makes one unit for each mount point, named after it, so that a second line for it has no place. mount -a mounts both, one over the other.',
    fix: [isOverlayLine(before) ? { text: 'Keep one of the two lines.' } : { text: 'Choose another target; the layers of an overlay can lie below it.' }],
  })]
}

interface Need {
  readonly where: string
  readonly fix: string
  readonly command?: string
}

const NEEDS: Readonly<Record<LintProgram, Need>> = {
  'mount.ovl': { where: 'in /sbin, where mount(8) looks for its helpers: it would say that the type ovl is unknown', fix: 'Link both helpers there, once.', command: 'ln -s "$(command -v mount.ovl)" "$(command -v umount.ovl)" /sbin/' },
  node: { where: 'on the PATH that programs have at boot (/usr/local/sbin, /usr/local/bin, /usr/sbin, /usr/bin), and mount.ovl needs it', fix: 'Link it there.', command: 'ln -s "$(command -v node)" /usr/local/bin/node' },
  'fuse-overlayfs': { where: 'on the PATH that programs have at boot', fix: 'Install it.', command: 'apt install fuse-overlayfs' },
}

function programs({ kind, facts }: Judged): Finding[] {
  const needed: readonly LintProgram[] = kind === 'helper' ? ['mount.ovl', 'node'] : kind === 'fuse' ? ['fuse-overlayfs'] : []
  return needed.flatMap((name) => {
    const there = facts.programs[name]
    if (!there.known || there.value) return []
    const { where, fix, command } = NEEDS[name]
    return [finding('tool-missing', {
      title: `${name} is not found ${where}`, evidence: [{ fact: `${facts.root ?? ''}: no ${name}`.replace(/^: n/, 'n'), source: 'stat' }],
      fix: [{ text: facts.root === undefined ? fix : `${fix} In the image: chroot '${facts.root}' first.`, ...(command === undefined ? {} : { command }) }],
    })]
  })
}

/** A line that libmount reports and drops, when an overlay was meant by it. */
export function malformedFinding({ line, why, raw }: FstabMalformed, { findmnt }: LintFacts): Finding | undefined {
  if (!/\b(overlay|overlayfs|fuse-overlayfs|ovl)\b/.test(raw) || raw.trimStart().startsWith('#')) return undefined
  const blank = /[ \t](lowerdir|upperdir|workdir)\+?=/.test(raw) && /,[ \t]/.test(raw)
  const said = findmnt.find(({ target }) => target === `line ${line}`)
  return finding('option-syntax', {
    title: `mount(8) drops this line: ${why}`, evidence: said === undefined ? [] : [{ fact: `findmnt: ${said.text}`, source: 'message' }],
    explanation: 'Fields of fstab are separated by blanks, and there are six: source, mount point, type, options, and two numbers. What has too few or no numbers at the end is dropped, and boot goes on without it.',
    fix: [{ text: blank ? 'Take out the blank after the comma: options are one field. A blank that belongs to a name is written \\040.' : 'Write six fields; a blank that belongs to a name is written \\040.' }],
  })
}
