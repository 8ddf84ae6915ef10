/** A kernel command line as the scripts of a live system read it: words between blanks, no quotes, the last of a kind wins. */

export function cmdlineWords(cmdline: string): readonly string[] {
  return cmdline.split(/\s+/).filter((word) => word !== '')
}

/** True when the bare word is there. */
export function says(cmdline: string, word: string): boolean {
  return cmdlineWords(cmdline).includes(word)
}

/** What follows `key=`; undefined when it is not said, or said empty. */
export function valueOf(cmdline: string, key: string): string | undefined {
  const value = cmdlineWords(cmdline).findLast((word) => word.startsWith(`${key}=`))?.slice(key.length + 1)
  return value === '' ? undefined : value
}
