/**
 * Overlays that a container engine or a service made: ovl does not take them down behind its back, and says how it is
 * done. In real stores of buildah and containerd, in Docker's by hand, and in places shaped like those of the others.
 */

import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { afterEach, beforeAll, afterAll, describe, expect, test } from 'vitest'
import { diagnose, inspect, isOvlError, mount, overlay, planOfUnmount, remount, unmount } from '../../../src/index.ts'
import type { Finding, OvlError } from '../../../src/index.ts'
import { envelope, ovl } from '../../support/command.ts'
import { makeBuildahStore } from '../../support/stores/buildah.mjs'
import { makeContainerdStore } from '../../support/stores/containerd.mjs'
import { makeDockerLayout } from '../../support/stores/docker-layout.mjs'
import { hasTool, makeGround } from '../host/ground.ts'

const ground = makeGround()

// Whoever else tests on this machine has his receipts in the same place.
beforeAll(() => execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'run', '/run']))
afterAll(() => execFileSync('umount', ['--lazy', '/run']))
afterEach(() => expect(receipts()).toEqual([]))

const receipts = (): string[] => {
  try {
    return readdirSync('/run/ovl')
  } catch {
    return []
  }
}

const isMounted = (target: string): boolean => readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${target} `)

async function refusal(act: () => unknown): Promise<OvlError> {
  try {
    await act()
  } catch (error) {
    if (isOvlError(error)) return error
    throw error
  }
  throw new Error('nothing was refused')
}

const commandsOf = (findings: readonly Finding[]): string[] => findings.flatMap(({ fix }) => fix.flatMap(({ command }) => command ?? []))

interface Store {
  readonly layers: readonly string[]
  readonly live: { readonly target: string; readonly upper: string; readonly work: string }
  readonly containerId: string
  readonly containerName?: string
  readonly close: () => Promise<void>
}

const KINDS: readonly { readonly name: string; readonly make: (dir: string) => Promise<Store>; readonly tools: readonly string[]; readonly commands: (store: Store, dir: string) => readonly string[] }[] = [
  { name: 'buildah', make: makeBuildahStore as (dir: string) => Promise<Store>, tools: ['buildah', 'busybox'], commands: ({ containerName = '' }, dir) => [`buildah --root ${dir}/root umount ${containerName}`] },
  { name: 'containerd', make: makeContainerdStore as (dir: string) => Promise<Store>, tools: ['containerd', 'ctr', 'buildah', 'busybox'], commands: ({ containerId, live }) => [`ctr -n ${live.target.split('/').at(-3)} tasks kill ${containerId}`] },
  { name: 'docker', make: ((dir) => makeDockerLayout(dir)) as (dir: string) => Promise<Store>, tools: [], commands: ({ containerName = '' }) => [`docker stop ${containerName}`] },
]

describe.each(KINDS)('$name', ({ name, make, tools, commands }) => {
  const missing = tools.some((tool) => !hasTool(tool))
  const dir = `${ground}/${name}`
  let store: Store
  beforeAll(async () => {
    if (!missing) store = await make(dir)
  })
  afterAll(async () => {
    if (!missing) await store.close()
  })

  test.skipIf(missing)('the root of its container stays, and its own command is named', async () => {
    const { target } = store.live
    const refused = await refusal(() => unmount(target))
    expect(refused.code).toBe('owned-elsewhere')
    expect(commandsOf(refused.findings)).toEqual(expect.arrayContaining([...commands(store, dir)]))
    for (const words of [['umount', target], ['umount', '-l', target], ['umount', '-R', target], ['umount', '--dry-run', target]]) {
      const { code, error } = { ...envelope(ovl([...words, '--json'])), code: ovl(words).code }
      expect([code, error?.code]).toEqual([32, 'owned-elsewhere'])
    }
    expect(isMounted(target)).toBe(true)
  })

  test.skipIf(missing)('nobody offers to unmount it', async () => {
    const { target } = store.live
    const remounting = await refusal(() => remount(target, 'metacopy=on'))
    for (const findings of [(await inspect(target)).findings, (await diagnose({ target })).findings, remounting.findings]) {
      for (const command of commandsOf(findings)) expect(command).not.toMatch(/\bovl umount|(?:^|&& |; )umount\b/)
    }
    expect(commandsOf(remounting.findings)).toEqual(expect.arrayContaining([...commands(store, dir)]))
  })

  test.skipIf(missing)('what ovl mounts of its layers is ovl’s, under whatever name they are said', async () => {
    mkdirSync(`${ground}/m`, { recursive: true })
    const link = `${ground}/${name}-layer`
    symlinkSync(store.layers[0] as string, link)
    for (const lower of [store.layers[0] as string, link]) {
      await mount(overlay().lower(lower, store.layers[1] as string).at(`${ground}/m`))
      expect(planOfUnmount(`${ground}/m`).steps[0]).toMatchObject({ do: 'unmount', path: `${ground}/m` })
      await unmount(`${ground}/m`)
    }
    expect(isMounted(`${ground}/m`)).toBe(false)
  })

  test.skipIf(missing)('an upper that it has mounted: its own command, not umount', async () => {
    mkdirSync(`${ground}/w`, { recursive: true })
    const { findings } = await diagnose({ spec: overlay().lower(store.layers[0] as string).upper(store.live.upper).work(store.live.work).at(`${ground}/w`) })
    expect(findings.map(({ code }) => code)).toContain('upper-in-use')
    const about = findings.filter(({ code }) => code === 'upper-in-use')
    expect(commandsOf(about)).toEqual(expect.arrayContaining([...commands(store, dir)]))
    expect(commandsOf(about).join('\n')).not.toContain('ovl umount')
  })

  test.skipIf(missing)('--force takes it down; then its upper is one of a stopped container', async () => {
    const { target, upper } = store.live
    const held = openSync(`${target}/.`, 'r')
    const busy = await refusal(() => unmount(target, { force: true }))
    closeSync(held)
    expect(busy.code).toBe('umount-busy')
    expect(commandsOf(busy.findings)).toEqual(commandsOf((await refusal(() => unmount(target))).findings))
    await unmount(target, { force: true })
    expect(isMounted(target)).toBe(false)
    mkdirSync(`${ground}/m`, { recursive: true })
    // buildah's own is marked as volatile.
    mkdirSync(`${upper}.ovl-work`)
    const said = overlay().lower(store.layers[0] as string).upper(upper).work(`${upper}.ovl-work`).at(`${ground}/m`)
    expect((await diagnose({ spec: said })).findings.map(({ code }) => code)).toContain('owned-elsewhere')
    const warned = await mount(said)
    try {
      expect(warned.warnings).toMatchObject([{ code: 'owned-elsewhere', severity: 'warning', title: expect.stringContaining(store.containerName ?? 'containerd') as unknown }])
    } finally {
      await warned.unmount()
    }
    expect((await refusal(() => mount(said, { strict: true }))).code).toBe('owned-elsewhere')
    rmSync(`${upper}.ovl-work`, { recursive: true })
    expect(isMounted(`${ground}/m`)).toBe(false)
  })
})

describe('by their shape', () => {
  const shape = (root: string, { target = 'm', lower = 'l', upper = 'u', work = 'w' }: Partial<Record<'target' | 'lower' | 'upper' | 'work', string>>, source = 'overlay'): string => {
    const at = (path: string): string => `${ground}/${root}/${path}`
    for (const path of [target, lower, upper, work]) mkdirSync(at(path), { recursive: true })
    execFileSync('mount', ['-t', 'overlay', source, '-o', `lowerdir=${at(lower)},upperdir=${at(upper)},workdir=${at(work)}`, at(target)])
    return at(target)
  }

  test.each<[string, () => string, string]>([
    ['LXC', () => shape('lxc', { lower: 'base/rootfs', target: 'web/rootfs', upper: 'web/delta0', work: 'web/olwork' }), `lxc-stop -n web -P ${ground}/lxc`],
    ['schroot', () => shape('s1', { target: 'schroot/mount/sid-1f', upper: 'schroot/union/overlay/sid-1f/upper', work: 'schroot/union/overlay/sid-1f/work' }), 'schroot --end-session -c sid-1f'],
    ['nspawn', () => shape('s2', { target: 'machines/deb', upper: 'nspawn-volatile-a1b2c3/upper', work: 'nspawn-volatile-a1b2c3/work' }), 'machinectl poweroff deb'],
    ['system extensions', () => shape('s3', {}, 'sysext'), 'systemd-sysext unmerge'],
    ['containerd', () => shape('s4', { target: 'io.containerd.runtime.v2.task/default/redis/rootfs' }), 'ctr -n default tasks kill redis'],
  ])('%s', async (_, make, command) => {
    const target = make()
    const refused = await refusal(() => unmount(target))
    expect(commandsOf(refused.findings)).toContain(command)
    expect(ovl(['umount', target]).stderr).toContain(command)
    // Inside of another mount it is as much theirs.
    expect((await refusal(() => unmount(target, { recursive: true }))).code).toBe('owned-elsewhere')
    const { code, stderr } = ovl(['umount', '--force', target])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(isMounted(target)).toBe(false)
  })

  test('what stands inside of an overlay that goes with -R', async () => {
    const outer = shape('outer', {})
    const inner = `${outer}/machines/deb`
    mkdirSync(inner, { recursive: true })
    for (const name of ['nspawn-volatile-a/upper', 'nspawn-volatile-a/work', 'l2']) mkdirSync(`${ground}/${name}`, { recursive: true })
    execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${ground}/l2,upperdir=${ground}/nspawn-volatile-a/upper,workdir=${ground}/nspawn-volatile-a/work`, inner])
    const refused = await refusal(() => unmount(outer, { recursive: true }))
    expect([refused.code, refused.message]).toEqual(['owned-elsewhere', expect.stringContaining(inner)])
    expect(isMounted(inner)).toBe(true)
    await unmount(outer, { recursive: true, force: true })
    expect(isMounted(outer)).toBe(false)
  })

  test('what mount(8) mounted, as fstab and mount units have it, is nobody else’s', async () => {
    const target = shape('plain', {})
    await unmount(target)
    expect(isMounted(target)).toBe(false)
  })
})
