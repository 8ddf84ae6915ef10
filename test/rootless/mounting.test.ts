/** Mounting with no rights but those of a user namespace: what works there, what the kernel silently does otherwise, what it refuses. */

import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { inspect, isOvlError, list, mount, overlay } from '../../src/index.ts'
import type { MountOptions, Mounted, OptionName, OverlayBuilder, OvlError } from '../../src/index.ts'
import { BIN, envelope, runChild } from '../support/command.ts'
import { named } from '../support/shell.ts'
import { hasTool, makeGround } from '../root/host/ground.ts'

const ground = makeGround()

function place(): string {
  const dir = mkdtempSync(`${ground}/place-`)
  for (const name of ['lower', 'lower2', 'data', 'upper', 'work', 'merged']) mkdirSync(`${dir}/${name}`)
  for (const name of ['sub', 'empty']) mkdirSync(`${dir}/lower/${name}`)
  writeFileSync(`${dir}/lower/sub/file`, 'from lower')
  writeFileSync(`${dir}/lower2/other`, 'from lower2')
  return dir
}

const lowersOf = (dir: string): OverlayBuilder => overlay().lower(`${dir}/lower`, `${dir}/lower2`).at(`${dir}/merged`)
const writable = (dir: string): OverlayBuilder => lowersOf(dir).upper(`${dir}/upper`).work(`${dir}/work`)
const codes = ({ warnings }: Mounted): string[] => warnings.map(({ code }) => code)

async function refusal(said: OverlayBuilder, options: MountOptions = {}): Promise<OvlError> {
  const error: unknown = await mount(said, options).then((mounted) => mounted.unmount().then(() => new Error('it was mounted')), (error: unknown) => error)
  if (!isOvlError(error)) throw error
  return error
}

describe.each(['fsconfig', 'mount2', 'mount8'] as const)('by %s', (via) => {
  test('writable without userxattr: mounted, with a warning of what will not work', async () => {
    const dir = place()
    await using mounted = await mount(writable(dir), { via })
    expect([codes(mounted), mounted.readOnly, mounted.via]).toEqual([['userns-needs-userxattr'], false, via])
    expect(mounted.warnings[0]?.fix[0]?.command).toMatch(/^ovl umount \S+ && ovl mount .*userxattr/)
    rmSync(`${dir}/merged/other`)
    expect(lstatSync(`${dir}/upper/other`).isCharacterDevice()).toBe(true)
    // What the warning is about: an empty directory goes and does not come back, one with contents does not even go.
    rmdirSync(`${dir}/merged/empty`)
    expect(() => mkdirSync(`${dir}/merged/empty`)).toThrow(/EEXIST|EIO/)
    expect(() => rmSync(`${dir}/merged/sub`, { recursive: true })).toThrow(/EEXIST|EIO/)
  })

  test('writable with userxattr: clean', async () => {
    const dir = place()
    await using mounted = await mount(writable(dir).userxattr(), { via })
    expect([codes(mounted), mounted.readOnly]).toEqual([[], false])
    rmSync(`${dir}/merged/sub`, { recursive: true })
    mkdirSync(`${dir}/merged/sub`)
    expect(readdirSync(`${dir}/merged/sub`)).toEqual([])
    writeFileSync(`${dir}/merged/other`, 'changed')
    expect(readFileSync(`${dir}/lower2/other`, 'utf8')).toBe('from lower2')
  })

  test('lowers only: clean', async () => {
    const dir = place()
    await using mounted = await mount(lowersOf(dir), { via })
    expect([codes(mounted), mounted.readOnly, readdirSync(`${dir}/merged`)]).toEqual([[], true, ['empty', 'other', 'sub']])
  })
})

const REFUSED: readonly (readonly [OptionName, string])[] = [['redirect_dir', 'on'], ['redirect_dir', 'follow'], ['metacopy', 'on'], ['verity', 'on']]

describe('options that need trusted attributes', () => {
  test.each(REFUSED)('%s=%s is refused, with an upper and without', async (name, value) => {
    const dir = place()
    for (const said of [writable(dir), lowersOf(dir)]) {
      const error = await refusal(said.option(name, value))
      expect([error.code, error.errno], error.message).toEqual(['userns-option-refused', 'EPERM'])
      expect(error.message).toContain(`${name}=${value}`)
      expect(error.findings[0]?.fix[0]?.command).not.toContain(name)
    }
    expect(readdirSync(`${dir}/merged`)).toEqual([])
  })

  test('redirect_dir=off means follow where the module says so, and is refused then', async () => {
    const dir = place()
    const follows = readFileSync('/sys/module/overlay/parameters/redirect_always_follow', 'utf8').trim() === 'Y'
    if (follows) expect((await refusal(lowersOf(dir).redirectDir('off'))).code).toBe('userns-option-refused')
    else await (await mount(lowersOf(dir).redirectDir('off'))).unmount()
  })

  test('redirect_dir=nofollow is what it has anyway', async () => {
    const dir = place()
    await using mounted = await mount(writable(dir).userxattr().redirectDir('nofollow'))
    expect(codes(mounted)).toEqual([])
  })

  test('data-only layers want userxattr', async () => {
    const dir = place()
    const error = await refusal(lowersOf(dir).data(`${dir}/data`))
    expect([error.code, error.errno]).toEqual(['userns-option-refused', 'EPERM'])
    expect(error.findings[0]?.fix[0]?.command).toContain('userxattr')
    await using mounted = await mount(lowersOf(dir).data(`${dir}/data`).userxattr())
    expect([mounted.data, codes(mounted)]).toEqual([[`${dir}/data`], []])
  })

  test('index=on is dropped, and that is said; with --strict nothing is mounted', async () => {
    const dir = place()
    const said = writable(dir).userxattr().index()
    const mounted = await mount(said)
    expect(codes(mounted)).toEqual(['feature-dropped'])
    expect(mounted.warnings[0]?.title).toContain('index=on')
    await mounted.unmount()
    expect((await refusal(said, { strict: true })).code).toBe('feature-dropped')
    expect(readdirSync(`${dir}/merged`)).toEqual([])
  })
})

describe('directories', () => {
  /** Runs ovl without the right to pass by permission bits: so the bits of one's own directories count as those of others would. */
  const ovlByTheBits = (dir: string, words: readonly string[]): ReturnType<typeof runChild> => runChild('setpriv', ['--bounding-set=-dac_override,-dac_read_search', '--', process.execPath, BIN, ...words], { cwd: dir })

  test('a work directory that may not be written to: mounted, but read-only, and that is said', async () => {
    const dir = place()
    chmodSync(`${dir}/work`, 0o555)
    const ran = ovlByTheBits(dir, ['mount', '-l', 'lower', '-u', 'upper', '-w', 'work', '--userxattr', 'merged'])
    expect(ran.code, ran.stderr).toBe(0)
    expect(named(ran)).toEqual(expect.arrayContaining(['work-dir-unusable', 'mounted-read-only']))
    expect((await list()).find(({ target }) => target === `${dir}/merged`)?.readOnly).toBe(true)
    expect(() => writeFileSync(`${dir}/merged/new`, '')).toThrow(/EROFS/)
    expect((await inspect(`${dir}/merged`)).findings.map(({ code }) => code)).toContain('mounted-read-only')
    expect(ovlByTheBits(dir, ['umount', 'merged']).code).toBe(0)
  })

  test('a lower that may not be reached: the component at fault is named', () => {
    const dir = place()
    mkdirSync(`${dir}/closed/lower`, { recursive: true })
    chmodSync(`${dir}/closed`, 0o600)
    const ran = ovlByTheBits(dir, ['mount', '-l', 'closed/lower', '-l', 'lower', 'merged'])
    expect([ran.code, named(ran)[0]], ran.stderr).toEqual([32, 'path-unreadable'])
    expect(ran.stderr).toContain(`no search permission on '${dir}/closed'`)
  })

  test.each([['/', 'merged'], ['/proc/../', 'merged']])('lower %s has mounts below it that are locked', async (lower) => {
    const dir = place()
    for (const said of [overlay().lower(lower).tmpfs().at(`${dir}/merged`), overlay().lower(`${dir}/lower`, lower).at(`${dir}/merged`)]) {
      const error = await refusal(said)
      expect([error.code, error.errno], error.message).toEqual(['userns-locked-mounts', 'EINVAL'])
      expect(error.details.undo).toBeUndefined()
    }
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(`${dir}/merged`)
  })
})

describe('parts', () => {
  test('a tmpfs for upper and work', async () => {
    const dir = place()
    const mounted = await mount(lowersOf(dir).tmpfs('16m').userxattr())
    expect([codes(mounted), mounted.parts.map(({ what }) => what)]).toEqual([[], ['tmpfs']])
    writeFileSync(`${dir}/merged/new`, 'forgotten')
    rmSync(`${dir}/merged/sub`, { recursive: true })
    expect(readdirSync(`${dir}/merged`)).toEqual(['empty', 'new', 'other'])
    const [part] = mounted.parts
    await mounted.unmount()
    expect(readdirSync(`${dir}/merged`)).toEqual([])
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(part?.at)
  })

  test.skipIf(!hasTool('mksquashfs'))('an image is attached by root only', async () => {
    const dir = place()
    expect(runChild('mksquashfs', ['lower', 'lower.squashfs', '-quiet', '-no-progress'], { cwd: dir }).code).toBe(0)
    const error = await refusal(overlay().lower(`${dir}/lower.squashfs`).tmpfs().at(`${dir}/merged`))
    expect(error.code).toBe('not-permitted')
    expect(error.message).toMatch(/image.*needs root/)
    expect(error.details.undo).toBeUndefined()
    const ran = runChild(process.execPath, [BIN, 'mount', '-l', 'lower.squashfs', '--tmpfs', 'merged'], { cwd: dir })
    expect([ran.code, named(ran)], ran.stderr).toEqual([1, ['not-permitted']])
  })
})

test('an overlay is seen whole: layers, upper, room', async () => {
  const dir = place()
  await using _mounted = await mount(writable(dir).userxattr())
  const { layers, room, inForce, findings } = await inspect(`${dir}/merged`)
  expect(layers.map(({ role, path, exists, mount: on }) => [role, path, exists, on?.fsType])).toEqual([
    ['lower', `${dir}/lower`, true, 'tmpfs'], ['lower', `${dir}/lower2`, true, 'tmpfs'], ['upper', `${dir}/upper`, true, 'tmpfs'], ['work', `${dir}/work`, true, 'tmpfs'],
  ])
  expect(room?.bytes.free).toBeGreaterThan(0n)
  expect(inForce.find(({ name }) => name === 'userxattr')?.value).toBe(true)
  expect(findings.map(({ code }) => code)).toEqual(['lower-modified'])
  const answer = envelope(runChild(process.execPath, [BIN, 'inspect', '--json', `${dir}/merged`]))
  expect(answer).toMatchObject({ ok: true, data: { options: { userxattr: true } } })
})
