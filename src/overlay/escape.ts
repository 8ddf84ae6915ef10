/**
 * The backslash escapes of overlayfs, one function for each place they apply (kernel.md §2.1).
 * The octal escapes of mount tables and fstab are another matter and live elsewhere.
 */

/** A layer inside `lowerdir=` of a mount(2) data string: `\`, `:` and `,`. */
export function escapeLowerForData(path: string): string {
  return escape(path, ['\\', ':', ','])
}

/** `upperdir=` or `workdir=` inside a mount(2) data string: `\` and `,`; a colon needs none. */
export function escapeUpperForData(path: string): string {
  return escape(path, ['\\', ','])
}

/** A layer inside the `lowerdir` string of fsconfig: commas are no separators there. */
export function escapeLowerForFsconfig(path: string): string {
  return escape(path, ['\\', ':'])
}

/** `upperdir` or `workdir` as a string of fsconfig: only the backslash itself. */
export function escapeUpperForFsconfig(path: string): string {
  return escape(path, ['\\'])
}

/** A backslash before each of `special`, which has the backslash first. Nearly all names hold none of them, and there may be 500. */
function escape(path: string, special: readonly string[]): string {
  let escaped = path
  for (const char of special) if (escaped.includes(char)) escaped = escaped.replaceAll(char, `\\${char}`)
  return escaped
}

/** Drops one backslash of each pair, as the kernel does after splitting; a lone last one goes too. */
export function unescapeOverlay(text: string): string {
  return text.replace(/\\([\s\S]?)/g, '$1')
}

/** Splits at each `separator` that no backslash protects; the escapes stay. */
export function splitUnescaped(text: string, separator: ',' | ':'): string[] {
  const parts: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === separator) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}
