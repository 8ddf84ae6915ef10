/** Archives as an initrd is made of them. */

/** An archive of the “newc” format of cpio(5). */
export function cpio(files: Readonly<Record<string, string>>): Buffer {
  const even = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
  const hex = (value: number): string => value.toString(16).padStart(8, '0')
  const entries = Object.entries({ ...files, 'TRAILER!!!': '' }).map(([name, content]) => {
    const data = Buffer.from(content)
    const header = `070701${[1, 0o100644, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length + 1, 0].map(hex).join('')}${name}\0`
    return Buffer.concat([even(Buffer.from(header)), even(data)])
  })
  return Buffer.concat(entries)
}
