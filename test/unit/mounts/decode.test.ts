import { describe, expect, test } from 'vitest'
import { decodeOverlay, decodeOverlays, isOverlay } from '../../../src/mounts/decode.ts'
import type { OverlayMount } from '../../../src/mounts/overlay-mount.ts'
import type { Receipt } from '../../../src/plan/step.ts'
import { overlayLine, parseLine, readShapes } from './lines.ts'

const shapes = readShapes()
const shape = (name: string): OverlayMount => decodeOverlay(shapes.get(name) as never)
const decode = (options: string, knowledge = {}, where = {}): OverlayMount => decodeOverlay(parseLine(overlayLine(options, where)), knowledge)
const all = (...names: string[]): string[] => names.map((name) => `/t/${name}`)

const NASTY = all('plain', 'sp ace', 'co:lon', 'com,ma', 'back\\slash', 'quo"te', 'ha#sh', 'tab\tx', 'new\nline')

describe('lines of Linux 6.18', () => {
  test('every shape is an overlay', () => {
    expect(shapes.size).toBe(21)
    expect([...shapes.values()].every(isOverlay)).toBe(true)
  })

  test('set by mount(2), which needs escapes, and by a string of fsconfig', () => {
    expect(shape('mount2-escaped')).toMatchObject({ lower: NASTY, upper: '/t/a,b:c\\d/u', work: '/t/a,b:c\\d/w', options: { uuid: 'on' }, readOnly: false })
    expect(shape('fsconfig-lowerdir')).toMatchObject({ lower: NASTY.slice(2), upper: '/t/2a,b:c\\d/u', source: 'fs string' })
  })

  test('set by lowerdir+: nothing in it is an escape', () => {
    const lower = [...NASTY, ...all('pe%r$cent', '-dash', 'üml\udce4ut\udcff', 'trail\\', 'eq=ual', 'x (deleted)')]
    for (const name of ['fsconfig-lowerdir+-string', 'fsconfig-fd']) {
      const overlay = decodeOverlay(shapes.get(name) as never, { exists: (path) => (path === '/t/x (deleted)' || path.includes('a,b:c\\d')) && !path.includes('\\\\') })
      expect(overlay.lower, name).toEqual(lower)
      expect(overlay.upper, name).toMatch(/^\/t\/[34]a,b:c\\d\/u$/)
      expect(overlay.deleted, name).toBeUndefined()
    }
    expect(shape('fsconfig-fd').upper).toBe('/t/4a,b:c\\d/u')
  })

  test('data-only layers', () => {
    expect(shape('data-colons')).toMatchObject({ lower: all('plain'), data: all('sp ace', 'pe%r$cent'), readOnly: true })
    expect(shape('datadir+')).toMatchObject({ lower: all('plain', 'sp ace'), data: all('co:lon', 'com,ma'), options: { metacopy: 'on', redirect_dir: 'on', uuid: 'on' } })
  })

  test('options, flags, and whether it can be written to', () => {
    expect(shape('mount2-lowerdir+-volatile-userxattr').options).toEqual({ redirect_dir: 'nofollow', uuid: 'on', volatile: true, userxattr: true })
    expect(shape('options')).toMatchObject({
      flags: ['rw', 'nosuid', 'nodev', 'noexec', 'noatime'],
      options: { default_permissions: true, redirect_dir: 'nofollow', index: 'on', uuid: 'on', nfs_export: 'on', fsync: 'strict', verity: 'on' },
    })
    expect(shape('lower-only-ro')).toMatchObject({ flags: ['ro', 'relatime'], readOnly: true })
    expect(shape('silently-read-only')).toMatchObject({ flags: ['rw', 'relatime'], readOnly: true, upper: '/t/full/u' })
  })

  test('a directory removed before it became a layer is marked', () => {
    expect(shape('fd-deleted-before-set')).toMatchObject({ lower: all('gone1', 'x', 'sub:a'), deleted: all('gone1', 'x') })
    expect(shape('fd-deleted').deleted).toBeUndefined()
  })

  test.each(['relative', 'proc-self-fd', 'bare-fd', 'fd-detached', 'fuse0'])('%s: what nothing tells is said to be unresolved', (name) => {
    expect(shape(name).unresolved).toBe(true)
  })

  test('a part of an overlay, mounted elsewhere', () => {
    expect(shape('bind-of-inside')).toMatchObject({ target: '/t/m/bind', lower: NASTY })
    expect(shapes.get('bind-deleted')).toMatchObject({ root: '/sub/dir', deleted: true })
  })
})

describe('lines of other kernels', () => {
  test('volatile as old kernels print it', () => {
    expect(decode('rw,lowerdir=/l,upperdir=/u,workdir=/w,volatile').options).toEqual({ volatile: true })
    expect(decode('rw,lowerdir=/l,upperdir=/u,workdir=/w,fsync=volatile').options).toEqual({ volatile: true })
  })

  test('Linux 6.6 escapes colons and prints no backslashes of the user', () => {
    expect(decode('ro,lowerdir=/a\\072b:/c\\134d::/e\\054f').lower).toEqual(['/a:b', '/c\\d'])
    expect(decode('ro,lowerdir=/a\\072b:/c\\134d::/e\\054f').data).toEqual(['/e,f'])
  })

  test('SELinux quotes a context that holds commas; a path may hold quotes', () => {
    const { options, lower, upper } = decode('rw,seclabel,context="system_u:object_r:container_file_t:s0:c1,c2",lowerdir=/l"a:/b"c,upperdir=/u"x,workdir=/w,index=off')
    expect(options).toEqual({ context: '"system_u:object_r:container_file_t:s0:c1,c2"', index: 'off' })
    expect({ lower, upper }).toEqual({ lower: ['/l"a', '/b"c'], upper: '/u"x' })
    expect(decode('rw,context=a:b:c,lowerdir=/l,upperdir=/u,workdir=/w').options).toEqual({ context: 'a:b:c' })
  })

  test('superblock words and unknown options', () => {
    expect(decode('ro,sync,dirsync,mand,lazytime,lowerdir=/a:/b,brand_new=7,nouserxattr').options).toEqual({ brand_new: '7', nouserxattr: true })
  })

  test('untidy names are tidied, hidden directories are none', () => {
    expect(decode('rw,lowerdir=//a/./b/:/c//d:/e/.f:/g/..h:/i/..,upperdir=/u/,workdir=/./w').lower).toEqual(['/a/b', '/c/d', '/e/.f', '/g/..h', '/i/..'])
    expect(decode('rw,lowerdir=/l,upperdir=/u/,workdir=/./w')).toMatchObject({ upper: '/u', work: '/w' })
  })

  test('the root as a lower: a name as a string, a detached mount by lowerdir+', () => {
    expect(decode('rw,lowerdir=/,upperdir=/x/u,workdir=/x/w')).toMatchObject({ lower: ['/'] })
    expect(decode('rw,lowerdir=/,upperdir=/x/u,workdir=/x/w').unresolved).toBeUndefined()
    expect(decode('ro,lowerdir+=/,datadir+=/sysroot/objects').unresolved).toBe(true)
  })
})

const upper = (value: string, paths: readonly string[], lower = 'lowerdir+=/l'): string | undefined =>
  decode(`rw,${lower},upperdir=${value},workdir=/w`, { exists: (path: string) => paths.includes(path) }).upper

describe('names of which the table admits two readings', () => {
  test('the one that exists is taken, the likelier when none does', () => {
    expect(upper('/a\\134\\134b', ['/a\\b'])).toBe('/a\\b')
    expect(upper('/a\\134\\134b', ['/a\\\\b'])).toBe('/a\\\\b')
    expect(upper('/a\\134\\134b', [])).toBe('/a\\\\b')
    expect(upper('/a\\134\\134b', [], 'lowerdir=/l')).toBe('/a\\b')
    expect(upper('/a\\040(deleted)', ['/a (deleted)'])).toBe('/a (deleted)')
    expect(upper('/a\\040(deleted)', [])).toBe('/a')
    expect(upper('/a\\040(deleted)', [], 'lowerdir=/l')).toBe('/a (deleted)')
  })
})

const receipt = (layers: Receipt['layers'], more: Partial<Receipt> = {}): Receipt => ({
  version: 1, state: 'mounted', pid: 1, mountNamespace: '1', bootId: 'b', target: '/t/merged', directory: '/run/ovl/abc', parts: [], madeDirs: [], layers, device: '0:50', ...more,
})

describe('a receipt', () => {
  const layers = { lower: ['/v/one', '/v/two'], data: [], upper: '/v/u', work: '/v/w' }

  test.each([
    ['relative names', 'rw,lowerdir=one:./two,upperdir=u,workdir=w'],
    ['descriptors', 'rw,lowerdir=/proc/self/fd/9:/proc/thread-self/fd/10,upperdir=/dev/fd/4,workdir=5'],
    ['detached mounts', 'rw,lowerdir+=/,lowerdir+=/two,upperdir=/u,workdir=/w'],
    ['true names', 'rw,lowerdir=/v/one:/v/two,upperdir=/v/u,workdir=/v/w'],
  ])('tells what stood for %s', (_, options) => {
    const overlay = decode(options, { receipts: [receipt(layers)] })
    expect(overlay).toMatchObject({ ...layers, maker: { name: 'ovl', id: 'abc' } })
    expect(overlay.unresolved).toBeUndefined()
  })

  test.each([
    ['another directory', 'rw,lowerdir=/v/one:/v/2,upperdir=/v/u,workdir=/v/w', {}],
    ['fewer layers', 'rw,lowerdir=/v/one,upperdir=/v/u,workdir=/v/w', {}],
    ['no upper', 'ro,lowerdir=one:two', {}],
    ['another end of a relative name', 'rw,lowerdir=one:three,upperdir=u,workdir=w', {}],
    ['another device', 'rw,lowerdir=one:two,upperdir=u,workdir=w', { device: '0:51' }],
    ['no device, and another target', 'rw,lowerdir=one:two,upperdir=u,workdir=w', { device: undefined, target: '/t/other' }],
  ])('is a stranger’s when the table shows %s', (_, options, more) => {
    expect(decode(options, { receipts: [receipt(layers, more as Partial<Receipt>)] }).maker.name).not.toBe('ovl')
  })

  test('a symlink set by descriptor is shown where it led, and the mount is ovl’s all the same', () => {
    const line = 'rw,lowerdir+=/real/one,lowerdir+=/v/two,upperdir=/v/u,workdir=/v/w'
    expect(decode(line, { receipts: [receipt(layers, { form: 'fd' })] })).toMatchObject({ lower: ['/real/one', '/v/two'], upper: '/v/u', maker: { name: 'ovl' } })
    expect(decode(line, { receipts: [receipt(layers)] }).maker.name).toBe('unknown')
    expect(decode(line, { receipts: [receipt(layers, { form: 'fd', target: '/t/other' })] }).maker.name).toBe('unknown')
  })

  test('holds for the mount’s other places, the one on its target comes first', () => {
    expect(decode('rw,lowerdir=one:two,upperdir=u,workdir=w', { receipts: [receipt(layers)] }, { target: '/elsewhere' })).toMatchObject(layers)
    const twice = [receipt(layers, { target: '/first', directory: '/run/ovl/first' }), receipt(layers)]
    expect(decode('rw,lowerdir=one:two,upperdir=u,workdir=w', { receipts: twice }).maker.id).toBe('abc')
  })
})

describe('names relative to an image store', () => {
  const A = 'A'.repeat(26)
  const id = 'f'.repeat(64)
  test.each([
    ['Docker, all relative', `lowerdir=l/${A}:l/B,upperdir=${id}/diff,workdir=${id}/work`, `/d/overlay2/${id}/merged`, [`/d/overlay2/l/${A}`, '/d/overlay2/l/B'], `/d/overlay2/${id}/diff`],
    ['Docker, read-only', `lowerdir=${id}/diff:l/${A}`, `/d/overlay2/${id}/merged`, [`/d/overlay2/${id}/diff`, `/d/overlay2/l/${A}`], undefined],
    ['Docker, seen from the container', `lowerdir=l/${A}:l/B,upperdir=/d/overlay2/${id}/diff,workdir=/d/overlay2/${id}/work`, '/', [`/d/overlay2/l/${A}`, '/d/overlay2/l/B'], `/d/overlay2/${id}/diff`],
    ['containers-storage, lowers absolute', `lowerdir=/s/overlay/l/${A}:/s/overlay/l/B,upperdir=${id}/diff,workdir=${id}/work`, '/elsewhere', [`/s/overlay/l/${A}`, '/s/overlay/l/B'], `/s/overlay/${id}/diff`],
    ['containerd', 'lowerdir=1/fs:10/fs,upperdir=/c/snapshots/11/fs,workdir=/c/snapshots/11/work', '/x', ['/c/snapshots/1/fs', '/c/snapshots/10/fs'], '/c/snapshots/11/fs'],
    ['containerd, one directory up', 'lowerdir=snapshots/1/fs:snapshots/2/fs,upperdir=/c/snapshots/11/fs,workdir=/c/snapshots/11/work', '/x', ['/c/snapshots/1/fs', '/c/snapshots/2/fs'], '/c/snapshots/11/fs'],
  ])('%s', (_, options, target, lower, upper) => {
    const overlay = decode(`rw,${options}`, {}, { target })
    expect(overlay).toMatchObject({ lower, ...(upper === undefined ? {} : { upper }) })
    expect(overlay.unresolved).toBeUndefined()
  })

  test('what only looks so stays unresolved', () => {
    expect(decode('ro,lowerdir=1/fs:2/fs').unresolved).toBe(true)
    expect(decode('rw,lowerdir=a/b:l/C,upperdir=x/diff,workdir=x/work', {}, { target: '/d/overlay2/x/merged' }).unresolved).toBe(true)
  })

  test('bare descriptors of containers-storage: the list beside upper has them', () => {
    const options = `rw,lowerdir=7:8,upperdir=/s/overlay/${id}/diff,workdir=/s/overlay/${id}/work`
    const lowersOnRecord = (upper: string): string[] | undefined => (upper === `/s/overlay/${id}/diff` ? ['/s/overlay/l/A', '/s/overlay/l/B'] : undefined)
    expect(decode(options).unresolved).toBe(true)
    expect(decode(options, { lowersOnRecord })).toMatchObject({ lower: ['/s/overlay/l/A', '/s/overlay/l/B'] })
    expect(decode(options, { lowersOnRecord }).unresolved).toBeUndefined()
    expect(decode(options, { lowersOnRecord: () => ['/only/one'] }).unresolved).toBe(true)
  })
})

test('a bind mount of an overlay borrows what the other place tells', () => {
  const id = 'e'.repeat(64)
  const options = `rw,lowerdir=l/A:l/B,upperdir=${id}/diff,workdir=${id}/work`
  const lines = [overlayLine(options, { target: '/elsewhere' }), overlayLine(options, { target: `/d/overlay2/${id}/merged` }), overlayLine(options, { target: '/far', device: '0:99' })]
  const [bound, own, other] = decodeOverlays(lines.map(parseLine))
  expect(bound).toMatchObject({ target: '/elsewhere', lower: own?.lower, upper: own?.upper, maker: { name: 'docker' } })
  expect(bound?.unresolved).toBeUndefined()
  expect(other?.unresolved).toBe(true)
})

test('fuse-overlayfs has its layers from the daemon’s command line or from a receipt', () => {
  const fuse = shapes.get('fuse0') as never
  const daemon = { target: '/t/m/fuse0', lower: ['/l1', '/l2'], upper: '/u', work: '/w' }
  expect(decodeOverlay(fuse, { daemons: [{ ...daemon, target: '/t/m/other' }, daemon] })).toMatchObject({ lower: ['/l1', '/l2'], upper: '/u', type: 'fuse.fuse-overlayfs' })
  expect(decodeOverlay(fuse, { daemons: [{ ...daemon, lower: ['relative'] }] }).unresolved).toBe(true)
})
