import { expect, test } from 'vitest'
import { decodeOverlay } from '../../../src/mounts/decode.ts'
import { optionsInForce } from '../../../src/mounts/in-force.ts'
import { OPTION_TABLE } from '../../../src/overlay/options.ts'
import { overlayLine, parseLine } from './lines.ts'

const PARAMETERS = { check_copy_up: 'N', index: 'N', metacopy: 'N', nfs_export: 'N', redirect_always_follow: 'Y', redirect_dir: 'N', redirect_max: '256', xino_auto: 'N' }

function inForce(options: string, parameters: Record<string, string> = PARAMETERS): Record<string, string> {
  const overlay = decodeOverlay(parseLine(overlayLine(options)))
  return Object.fromEntries(optionsInForce(overlay, OPTION_TABLE, parameters).map(({ name, value, origin }) => [name, `${value} ${origin}`]))
}

const RW = 'rw,lowerdir=/l,upperdir=/u,workdir=/w'

test('what the table does not show is the module’s default, or the kernel’s', () => {
  expect(inForce(RW)).toEqual({
    default_permissions: 'false kernel', redirect_dir: 'follow module', index: 'off module', nfs_export: 'off module', xino: 'off module', metacopy: 'off module',
    volatile: 'false kernel', userxattr: 'false kernel', verity: 'off kernel',
  })
  expect(inForce(RW, { ...PARAMETERS, redirect_dir: 'Y', index: 'Y', xino_auto: 'Y' })).toMatchObject({ redirect_dir: 'on module', index: 'on module', xino: 'auto module' })
  expect(inForce(RW, { ...PARAMETERS, redirect_always_follow: 'N' })).toMatchObject({ redirect_dir: 'nofollow module' })
})

test('nothing is made up where the parameters cannot be read', () => {
  expect(inForce(RW, {})).not.toHaveProperty('index')
  expect(inForce(`${RW},index=on`, {})).toMatchObject({ index: 'on mount' })
})

test.each([
  ['asked for', `${RW},metacopy=off,index=on,fsync=strict,verity=require`, { metacopy: 'off mount', index: 'on mount', fsync: 'strict mount', verity: 'require mount' }],
  ['a flag', `${RW},volatile,default_permissions`, { volatile: 'true mount', default_permissions: 'true mount' }],
  ['without an upper the kernel follows redirects', 'ro,lowerdir=/a:/b,redirect_dir=on', { redirect_dir: 'on implied' }],
  ['metacopy brings redirect_dir', `${RW},redirect_dir=on,metacopy=on`, { redirect_dir: 'on implied', metacopy: 'on mount' }],
  ['userxattr takes redirect_dir', `${RW},redirect_dir=nofollow,userxattr`, { redirect_dir: 'nofollow implied', userxattr: 'true mount' }],
  ['an upper without xattrs has neither', `${RW},redirect_dir=nofollow,uuid=null`, { redirect_dir: 'nofollow implied', uuid: 'null implied' }],
  ['nfs_export brings index', `${RW},index=on,nfs_export=on`, { index: 'on implied', nfs_export: 'on mount' }],
  ['uuid is the kernel’s choice', `${RW},uuid=on`, { uuid: 'on implied' }],
  ['unknown to this table', `${RW},brand_new=7`, { brand_new: '7 mount' }],
])('%s', (_, options, expected) => {
  expect(inForce(options)).toMatchObject(expected)
})
