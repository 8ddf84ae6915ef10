/** `ovl unit`: an overlay as systemd units, printed or written into a directory. */

import { OvlError } from '../errors/ovl-error.ts'
import { formatUnit } from '../fstab/unit.ts'
import type { Unit, UnitFile, UnitWishes } from '../fstab/unit.ts'
import { holdDirectory } from '../host/beneath.ts'
import { absoluteHere } from '../host/cwd.ts'
import { whileLocked } from '../host/file-lock.ts'
import { statName } from '../host/files.ts'
import { readRegular } from '../host/regular-file.ts'
import { editFile } from '../host/replace-file.ts'
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
 * Writes units into a directory, each file whole or not at all, and those of one target by one writer at a time. A unit of
 * that name which is no overlay is left alone.
 * @throws OvlError `target-missing` when there is no such directory, `option-conflict` for a unit of something else; `interrupted`
 */
export async function writeUnit({ files }: Pick<Unit, 'files'>, { directory = UNIT_DIRECTORY, dryRun = false, signal }: { readonly directory?: string; readonly dryRun?: boolean; readonly signal?: AbortSignal | undefined } = {}): Promise<WrittenUnit[]> {
  const home = absoluteHere(directory)
  const there = statName(home)
  if (typeof there === 'string' || there.kind !== 'directory') throw new OvlError('target-missing', `'${directory}' is no directory`, { hint: `Make it, or leave it out: units belong into ${UNIT_DIRECTORY}.` })
  const units = files.map((file) => ({ ...file, path: `${home}/${file.name}` }))
  const planned = units.map((unit) => planUnit(unit, statName(unit.path) === 'ENOENT' ? undefined : readRegular(unit.path)).result)
  if (dryRun || planned.every(({ did }) => did === 'unchanged')) return planned
  using held = holdDirectory(home)
  return await whileLocked(held, '', signal, async () => {
    const written: WrittenUnit[] = []
    for (const unit of units) {
      written.push((await editFile(unit.path, (old) => planUnit(unit, old), { backup: false, signal })).result)
    }
    return written
  })
}

function planUnit({ name, text, path }: UnitFile & { readonly path: string }, old: Buffer | undefined): { readonly content: Buffer | undefined; readonly result: WrittenUnit } {
  const bytes = Buffer.from(text)
  if (old !== undefined && name.endsWith('.mount') && !/^Type=(overlay|ovl)$/m.test(old.toString('latin1'))) throw new OvlError('option-conflict', `'${path}' mounts something else than an overlay`, { hint: 'Choose another target, or remove that unit by hand.' })
  const did = old === undefined ? 'added' : old.equals(bytes) ? 'unchanged' : 'replaced'
  return { content: did === 'unchanged' ? undefined : bytes, result: { path, did } }
}
