/** The name of a unit for a path, as `systemd-escape --path` makes it (unit_name_path_escape in systemd). */

import { encodeName } from '../names/bytes.ts'

/** NAME_MAX: a unit is a file. */
export const UNIT_NAME_MAX = 255

/** `/srv/my disk` → `srv-my\x20disk.mount`. */
export function unitName(path: string, suffix: 'mount' | 'automount'): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  const escaped = parts.length === 0 ? '-' : parts.map((part) => escapePart(part)).join('-')
  // Only at the beginning of the whole name would a dot hide the file.
  return `${escaped.startsWith('.') ? `\\x2e${escaped.slice(1)}` : escaped}.${suffix}`
}

function escapePart(part: string): string {
  return [...encodeName(part)].map((byte) => (PLAIN.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`)).join('')
}

const PLAIN = /[A-Za-z0-9:_.]/
