/** What of a kernel tells its version: the header of a bzImage, by the x86 boot protocol. */

/** `at`: where the version lies, less 0x200; 0 for none. */
export function fakeKernel(version: string, at = 0x100): Buffer {
  const bytes = Buffer.alloc(at + 0x300)
  bytes.write('HdrS', 0x202, 'latin1')
  bytes.writeUInt16LE(at, 0x20e)
  bytes.write(`${version} (somebody@somewhere) #1 SMP`, at + 0x200, 'latin1')
  return bytes
}
