/** Programs and libraries that change what can be done: koffi, unshare(1), mount(8), fuse-overlayfs. */

import type { Finding } from '../../errors/finding.ts'
import { finding } from '../../errors/make-finding.ts'
import type { DoctorFacts } from '../doctor.ts'
import { rowOf } from './rows.ts'
import { seen } from '../suspect.ts'

export function toolFindings(facts: DoctorFacts): Finding[] {
  return [...noUnshare(facts), ...noFfi(facts), ...mountWithoutRoom(facts), ...noFuse(facts)]
}

function noUnshare({ namespace, closed }: DoctorFacts): Finding[] {
  const missing = closed.find(({ missing }) => missing === true)
  if (namespace !== undefined || missing === undefined) return []
  return [finding('tool-missing', {
    title: 'unshare(1) is not installed: nothing could be tried',
    severity: 'warning',
    evidence: [seen('probe', missing.why)],
    fix: [{ text: 'On Debian and Ubuntu.', command: 'apt install util-linux' }],
  })]
}

function noFfi(facts: DoctorFacts): Finding[] {
  const row = rowOf(facts, 'ffi')
  if (row === undefined || row.state === 'works') return []
  return [finding('ffi-unavailable', {
    title: 'no direct system calls here: ovl goes through mount(8)',
    severity: 'warning',
    evidence: row.evidence,
    fix: [{ text: 'Install it with its optional dependencies.', command: 'npm install --include=optional' }],
  })]
}

/** Since util-linux 2.39 mount(8) hands lowerdir to fsconfig, which takes 255 bytes. */
function mountWithoutRoom(facts: DoctorFacts): Finding[] {
  const row = rowOf(facts, 'mount')
  if (row?.state !== 'works' || !row.parts?.some(({ name, state }) => name === 'fsconfig' && state === 'works') || rowOf(facts, 'fsconfig')?.state !== 'works') return []
  return [finding('value-too-long', {
    title: `mount(8) of util-linux ${row.parts.find(({ name }) => name === 'version')?.detail ?? ''} refuses a lowerdir of more than 255 bytes`.replace('  ', ' '),
    explanation: 'Since 2.39 mount(8) hands options to the kernel one by one (fsconfig), and the kernel takes at most 255 bytes of each. A longer lowerdir fails as “wrong fs type, bad option, bad superblock”. ovl mount has no such limit.',
    severity: 'note',
    evidence: row.evidence,
    fix: [{ text: 'Make mount(8) go back to the old call, in this shell.', command: 'export LIBMOUNT_FORCE_MOUNT2=always' }],
  })]
}

/** It matters where the kernel’s own overlay does not work for this user. */
function noFuse(facts: DoctorFacts): Finding[] {
  const row = rowOf(facts, 'fuse-overlayfs')
  const lockedOut = facts.namespace === undefined && facts.closed.every(({ missing }) => missing !== true)
  if (row?.state !== 'missing' || !(lockedOut || rowOf(facts, 'overlay')?.state === 'refused')) return []
  return [finding('tool-missing', {
    title: 'fuse-overlayfs is not installed, which can do without the kernel’s overlay',
    severity: 'note',
    evidence: row.evidence,
    fix: [{ text: 'On Debian and Ubuntu.', command: 'apt install fuse-overlayfs' }],
  })]
}
