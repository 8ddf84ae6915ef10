/** The name of a unit for a path, as `systemd-escape --path` makes it (unit_name_path_escape in systemd). */

import { decodeName, encodeName } from '../names/bytes.ts'

/** NAME_MAX: a unit is a file. */
export const UNIT_NAME_MAX = 255

/** `/srv/my disk` → `srv-my\x20disk.mount`. */
export function unitName(path: string, suffix: 'mount' | 'automount'): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  const escaped = parts.length === 0 ? '-' : parts.map((part) => escapePart(part)).join('-')
  // Only at the beginning of the whole name would a dot hide the file.
  return `${escaped.startsWith('.') ? `\\x2e${escaped.slice(1)}` : escaped}.${suffix}`
}

/** The path of a `.mount`, or undefined for another unit. */
export function pathOfUnit(unit: string): string | undefined {
  if (!unit.endsWith('.mount')) return undefined
  const name = unit.slice(0, -'.mount'.length)
  const bytes = encodeName(name === '-' ? '' : name.replaceAll('-', '/')).toString('latin1').replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return `/${decodeName(Buffer.from(bytes, 'latin1'))}`
}

function escapePart(part: string): string {
  return [...encodeName(part)].map((byte) => (PLAIN.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`)).join('')
}

const PLAIN = /[A-Za-z0-9:_.]/
