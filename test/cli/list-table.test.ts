/** The table of `ovl list`. */

import { describe, expect, it } from 'vitest'
import { renderList } from '../../src/cli/output/human/list.ts'
import { cells } from '../../src/cli/output/width.ts'
import type { OverlayMount } from '../../src/mounts/overlay-mount.ts'
import { view } from '../support/view.ts'

const HASH = '3f2a0c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f809'
const BASE: OverlayMount = {
  id: 1, parentId: 0, target: '/merged', source: 'overlay', type: 'overlay', device: '0:50', lower: ['/a', '/b'], data: [], options: {},
  flags: ['rw', 'relatime'], readOnly: false, propagation: [], maker: { name: 'unknown' },
}
const MOUNTS: readonly OverlayMount[] = [
  { ...BASE, upper: '/changes', work: '/changes.work', maker: { name: 'ovl', id: '9b75f5907c17' } },
  { ...BASE, target: `/var/lib/docker/overlay2/${HASH}/merged`, lower: ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11'], upper: `/var/lib/docker/overlay2/${HASH}/diff`, flags: ['rw', 'nosuid', 'relatime'], maker: { name: 'docker', id: HASH } },
  { ...BASE, target: '/mnt/a b\n\u001b[31m', data: ['/d'], readOnly: true },
]

it('reads well at 80 columns', () => {
  expect(renderList(MOUNTS, view())).toBe(String.raw`TARGET                   LOWERS  UPPER            FLAGS      MAKER
/merged                       2  /changes         rw         ovl
/var/li…d6e7f809/merged      11  /var…7f809/diff  rw,nosuid  docker 3f2a0c4d5e6f
$'/mnt/a b\n\x1b[31m'       2+1  -                ro         -
`)
})

it('uses the width there is', () => {
  expect(renderList(MOUNTS, view({ columns: 130 }))).toContain('\n/var/lib/docker/overlay2/3f2a0c4d5e6f…/merged      11  /var/lib/docker/overlay2/3f2a0c4d5e6f…/diff  rw,nosuid  docker 3f2a0c4d5e6f\n')
})

describe.each([40, 60, 80, 120, 200])('at %d columns', (columns) => {
  it.each([true, false])('no row is wider, none is broken (unicode: %s)', (unicode) => {
    const lines = renderList(MOUNTS, view({ columns, unicode })).trimEnd().split('\n')
    expect(lines).toHaveLength(MOUNTS.length + 1)
    if (columns >= 60) expect(lines.filter((line) => cells(line) > columns)).toEqual([])
    if (!unicode) expect(lines.join('')).toMatch(/^[ -~]*$/)
  })
})

it('cuts nothing where nobody looks', () => {
  const text = renderList(MOUNTS, view({ columns: Infinity }))
  expect(text).toContain(`/var/lib/docker/overlay2/${HASH}/merged`)
  expect(text).toContain(String.raw`$'/mnt/a b\n\x1b[31m'`)
})

it('has a column for the processes of other namespaces when there are any', () => {
  expect(renderList(MOUNTS, view())).not.toContain('PID')
  expect(renderList([{ ...BASE, namespace: { inode: '4026532', pid: 4711 } }], view())).toMatch(/PID\n.* 4711\n/)
})

it('is a header alone when there is nothing', () => {
  expect(renderList([], view())).toBe('TARGET  LOWERS  UPPER  FLAGS  MAKER\n')
})

it('names who made it whole, before the paths', () => {
  const mount = { ...BASE, target: `/var/lib/containers/storage/overlay/${HASH}/merged`, upper: `/var/lib/containers/storage/overlay/${HASH}/diff`, maker: { name: 'containers-storage', id: HASH } as const }
  const table = renderList([mount], view())
  expect(table).toContain('  podman/buildah 3f2a0c4d5e6f\n')
  expect(table.split('\n').every((line) => cells(line) <= 80)).toBe(true)
})
