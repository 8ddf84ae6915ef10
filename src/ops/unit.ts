/** `ovl unit`: an overlay as systemd units, printed or written into a directory. */

import { OvlError } from '../errors/ovl-error.ts'
import { formatUnit } from '../fstab/unit.ts'
import type { Unit, UnitWishes } from '../fstab/unit.ts'
import { absoluteHere } from '../host/cwd.ts'
import { readFileBytes, statName } from '../host/files.ts'
import { replaceFile } from '../host/replace-file.ts'
import { specOf } from '../overlay/builder.ts'
import type { OverlayBuilder } from '../overlay/builder.ts'
import { refuseFaults } from '../overlay/fault.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import { validate } from '../overlay/validate.ts'
import { collectBootFacts, findForHelper, findMissing } from './fstab.ts'

export const UNIT_DIRECTORY = '/etc/systemd/system'

export interface WrittenUnit {
  readonly path: string
  readonly did: 'added' | 'replaced' | 'unchanged'
}

/**
 * The `.mount` unit of an overlay, and the `.automount` if wished. Looks at the mount table and at
 * /etc/fstab; changes nothing.
 * @throws OvlError `way-cannot-say` when systemd or mount(8) would read something else than was said, or it needs the mount helper
 */
export function mountUnit(said: OverlaySpec | OverlayBuilder, wishes: UnitWishes = {}): Unit {
  const spec = specOf(said)
  const warnings = refuseFaults(validate(spec))
  const unit = formatUnit(spec, collectBootFacts(spec), wishes)
  return { ...unit, findings: [...warnings, ...unit.findings, ...(wishes.helper === true ? findForHelper(spec) : findMissing(spec))] }
}

/**
 * Writes units into a directory, each file whole or not at all. A unit of that name which is no
 * overlay is left alone.
 * @throws OvlError `target-missing` when there is no such directory, `option-conflict` for a unit of something else
 */
export function writeUnit({ files }: Pick<Unit, 'files'>, { directory = UNIT_DIRECTORY, dryRun = false }: { readonly directory?: string; readonly dryRun?: boolean } = {}): WrittenUnit[] {
  const home = absoluteHere(directory)
  const there = statName(home)
  if (typeof there === 'string' || there.kind !== 'directory') throw new OvlError('target-missing', `'${directory}' is no directory`, { hint: `Make it, or leave it out: units belong into ${UNIT_DIRECTORY}.` })
  const writing = files.map(({ name, text }) => {
    const path = `${home}/${name}`
    const bytes = Buffer.from(text)
    const old = statName(path) === 'ENOENT' ? undefined : readFileBytes(path)
    if (old !== undefined && name.endsWith('.mount') && !/^Type=(overlay|ovl)$/m.test(old.toString('latin1'))) throw new OvlError('option-conflict', `'${path}' mounts something else than an overlay`, { hint: 'Choose another target, or remove that unit by hand.' })
    return { path, bytes, old }
  })
  return writing.map(({ path, bytes, old }) => {
    const did = old === undefined ? 'added' : old.equals(bytes) ? 'unchanged' : 'replaced'
    if (!dryRun && did !== 'unchanged') replaceFile(path, bytes, { expected: old, backup: false })
    return { path, did }
  })
}
