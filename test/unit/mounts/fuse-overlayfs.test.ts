import { expect, test } from 'vitest'
import { parseFuseCommand } from '../../../src/mounts/fuse-overlayfs.ts'

test.each([
  ['as podman starts it', ['/usr/bin/fuse-overlayfs', '-o', 'lowerdir=/s/l/A:/s/l/B,upperdir=/s/x/diff,workdir=/s/x/work,volatile', '/s/x/merged'], { target: '/s/x/merged', lower: ['/s/l/A', '/s/l/B'], upper: '/s/x/diff', work: '/s/x/work' }],
  ['in the foreground, options in one word', ['fuse-overlayfs', '-f', '-olowerdir=/l', '/m'], { target: '/m', lower: ['/l'] }],
  ['several -o', ['fuse-overlayfs', '-o', 'allow_other,lowerdir=/l', '-o', 'upperdir=/u/,workdir=/w', '/m'], { target: '/m', lower: ['/l'], upper: '/u', work: '/w' }],
  ['escaped commas and colons', ['fuse-overlayfs', '-o', 'lowerdir=/com\\,ma:/co\\:lon:/back\\\\slash,upperdir=/u\\,1', '/m'], { target: '/m', lower: ['/com,ma', '/co:lon', '/back\\slash'], upper: '/u,1' }],
])('%s', (_, argv, expected) => {
  expect(parseFuseCommand(argv)).toEqual(expected)
})

test.each([[[]], [['fuse-overlayfs', '--version']], [['sshfs', '-o', 'lowerdir=/l', '/m']], [['fuse-overlayfs', '-o', 'allow_other', '/m']], [['bash', '-c', 'fuse-overlayfs -o lowerdir=/l /m']]])('%j is none', (argv) => {
  expect(parseFuseCommand(argv)).toBeUndefined()
})
