/** The mount point that a message names, by the places in which tools put it. */

const PLACES: readonly RegExp[] = [
  /\b(?:u?mount): (?<target>\/[^:]{1,1000}): /,
  /\b(?:mounting|mount) (?:overlay(?:fs)?|none|\S{1,40}) on (?<target>\/\S{1,1000}) failed/,
  /overlay mount (?:to|on|for) ['"]?(?<target>[/.][^\s'",:]{1,1000})/,
  /target: "(?<target>\/[^"]{1,1000})"/,
  /to rootfs at "(?<target>\/[^"]{1,1000})"/,
  /\bmount overlayfs? on (?<target>\/\S{1,1000})/,
  /\(type overlay\) on (?<target>\/\S{1,1000})/,
  /^Mounting \S{1,200} - (?<target>\/[^ .]{1,1000})/,
  /^\S{1,200}\s+(?<target>\/\S{0,1000})\s+overlay\s/,
]

/** The first target that any line names. */
export function targetOf(lines: readonly { readonly text: string }[]): string | undefined {
  for (const { text } of lines) {
    for (const place of PLACES) {
      const target = place.exec(text.slice(0, 4000))?.groups?.['target']
      if (target !== undefined) return target
    }
  }
  return undefined
}
