/** The arguments of the process as names, byte for byte. */

/** Node replaces bytes that are no UTF-8 by U+FFFD; only then is it worth asking /proc for the real ones. */
export async function exactArguments(argv: readonly string[]): Promise<readonly string[]> {
  if (!argv.some((word) => word.includes('\ufffd'))) return argv
  const { rawArguments } = await import('../host/system.ts')
  return rawArguments()
}
