/** The same failure in the wrappings of many tools; and what is read out of them. */

import { describe, expect, test } from 'vitest'
import { judgeMessage } from '../../../src/diagnose/messages/judge.ts'
import { readMessage } from '../../../src/diagnose/messages/read.ts'

const SENTENCE = 'overlayfs: maximum fs stacking depth exceeded'

const WRAPPED: readonly string[] = [
  `[ 2107.019006] ${SENTENCE}`,
  `[May13 07:47] ${SENTENCE}`,
  `[  +0.002284] ${SENTENCE}`,
  `[Mon May  6 23:01:36 2024] ${SENTENCE}`,
  `<3>[   12.345678] ${SENTENCE}`,
  `kern  :err   : [   12.345678] ${SENTENCE}`,
  `3,1234,5678901,-;${SENTENCE}`,
  `Nov 04 10:01:55 kiosk kernel: ${SENTENCE}`,
  `2024-05-06T23:01:36.123456+02:00 host kernel: [   12.3] ${SENTENCE}`,
  `11月 04 10:01:55 kiosk kernel: ${SENTENCE}`,
  `\u001b[31m[   12.3]\u001b[0m ${SENTENCE}\r\n`,
  `> ${SENTENCE}`,
  `    \`${SENTENCE}\``,
  `time="2024-01-02T03:04:05Z" level=error msg="mount failed: \\"${SENTENCE}\\""`,
  `{"msg":"kernel said: ${SENTENCE}\\n"}`,
  `db-1  | ${SENTENCE}`,
  `E0506 12:34:56.789012    1234 mount.go:99] ${SENTENCE}`,
  `mount: /m: fsconfig() failed: overlay: maximum fs stacking depth exceeded.`,
]

test.each(WRAPPED)('%j', (text) => {
  expect(judgeMessage(text)[0]).toMatchObject({ code: 'stack-too-deep', confidence: 'certain' })
})

const MISSING: readonly string[] = [
  'mount: special device overlay does not exist',
  'mount: /m: special device overlay does not exist.\n       dmesg(1) may have more information after failed mount system call.',
  'mount: mounting overlay on /m failed: No such file or directory',
  'mount: /m: mount(2) system call failed: No such file or directory.',
  'mount: /m: fsconfig() failed: No such file or directory.',
  'docker: Error response from daemon: error creating overlay mount to /var/lib/docker/overlay2/ab/merged: no such file or directory.',
  'failed to mount rootfs component &{overlay overlay [index=off workdir=/s/2/work upperdir=/s/2/fs lowerdir=/s/1/fs]}: no such file or directory: unknown',
  'Error: creating overlay mount to /x/merged, mount_data="lowerdir=/x/l/A,upperdir=/x/diff,workdir=/x/work": no such file or directory',
  "bwrap: Can't make overlay mount on /newroot/etc with options upperdir=/u,workdir=/w,lowerdir=/l,userxattr: No such file or directory",
  'Failed to mount overlay (type overlay) on /var (MS_NODEV "lowerdir=/a,upperdir=/b,workdir=/c"): No such file or directory',
  'mount overlay:/m, data: lowerdir=/a:/b,upperdir=/u,workdir=/w: no such file or directory',
  '[Errno 2] Mounting overlay failed: No such file or directory',
]

test.each(MISSING)('%s', (text) => {
  expect(judgeMessage(text)[0]).toMatchObject({ code: 'lower-missing', confidence: expect.stringMatching(/likely|possible/) })
})

describe('what is read', () => {
  test('options, layers, target, errno and tools', () => {
    const reading = readMessage('failed to mount {overlay overlay  [index=on workdir=/s/77/work upperdir=/s/77/fs lowerdir=/s/3/fs:/s/2/fs]} on "/tmp/containerd-mount2177": stale NFS file handle')
    expect(reading.layers).toEqual({ lower: ['/s/3/fs', '/s/2/fs'], upper: '/s/77/fs', work: '/s/77/work' })
    expect(reading.options[0]?.pairs[0]).toEqual({ key: 'index', value: 'on' })
    expect(reading).toMatchObject({ errno: 'ESTALE', moment: 'mount' })
    expect(reading.tools.has('containerd')).toBe(true)
  })

  test('the errno of the failure, not of the cleaning up', () => {
    expect(readMessage('ERRO[0000] Unmounting /x/merged: invalid argument\nError: creating overlay mount to /x/merged, mount_data="lowerdir=/a": permission denied').errno).toBe('EACCES')
  })
})

describe('the option string decides', () => {
  const ENOENT = 'mount: /m: special device overlay does not exist.'
  const rows: readonly [options: string, code: string][] = [
    ['lowerdir=~/low,upperdir=/u,workdir=/w', 'path-not-expanded'],
    ['lowerdir=/games/a:b/rom,upperdir=/u,workdir=/w', 'unescaped-colon'],
    [`lowerdir=${'/srv/layers/of/some/length:'.repeat(160)}/srv/last`, 'options-too-long'],
    ['lowerdir=/games/a,b/rom,upperdir=/u,workdir=/w', 'unescaped-comma'],
  ]
  test.each(rows)('%.60s', (options, code) => {
    expect(judgeMessage(`mount -t overlay overlay -o ${options} /m\n${ENOENT}`)[0]?.code).toBe(code)
  })

  test('a missing path is the layer that the options say', () => {
    const said = judgeMessage("mount -t overlay overlay -o lowerdir=/a,upperdir=/b,workdir=/c /m\noverlayfs: failed to resolve '/c': -2")[0]
    expect(said).toMatchObject({ code: 'work-missing', title: "work '/c' does not exist", confidence: 'certain' })
  })
})
