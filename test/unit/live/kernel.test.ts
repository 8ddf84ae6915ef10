/** Kernels of a medium: their versions, and which of them boots what is packed. */

import { describe, expect, test } from 'vitest'
import { bootedKernels, newestLike, newestVersion, parseKernelVersion } from '../../../src/live/kernel.ts'
import { planPack } from '../../../src/live/pack.ts'
import { grubMenu } from '../../support/live-media.ts'
import { fakeKernel } from '../../support/fake-kernel.ts'
import { medium } from './medium.ts'

describe('the version in the header', () => {
  test.each<[what: string, head: Buffer, version: string | undefined]>([
    ['a bzImage', fakeKernel('6.1.0-18-amd64'), '6.1.0-18-amd64'],
    ['one that lies far behind the header', fakeKernel('6.8.0-31-generic', 0xfff0), '6.8.0-31-generic'],
    ['no version', fakeKernel('6.1.0', 0), undefined],
    ['a pointer behind the end', fakeKernel('6.1.0').subarray(0, 0x250), undefined],
    ['no kernel', Buffer.alloc(4096, 'x'), undefined],
    ['nothing', Buffer.alloc(0), undefined],
    ['a path', fakeKernel('../../etc'), undefined],
  ])('%s', (_, head, version) => expect(parseKernelVersion(head)).toBe(version))
})

test('the newest is that of the highest number', () => {
  expect([newestVersion(['6.1.0-9-amd64', '6.1.0-18-amd64', '6.1.0-18-amd64-dbg']), newestVersion(['6.10.1', '6.9.12']), newestVersion([])]).toEqual(['6.1.0-18-amd64-dbg', '6.10.1', undefined])
})

test('the newest of the same flavour, else of any', () => {
  const versions = ['6.1.0-18-amd64', '6.12.9+bpo-amd64', '6.13.1-cloud-amd64']
  expect(['6.1.0-9-amd64', '6.1.0-9-cloud-amd64', '6.1.0-9-rt-amd64'].map((like) => newestLike(like, versions))).toEqual(['6.12.9+bpo-amd64', '6.13.1-cloud-amd64', '6.13.1-cloud-amd64'])
})

describe('what boots', () => {
  const live = { system: 'casper', cmdline: '', layers: [{ name: 'a.squashfs', path: '/casper/a.squashfs', at: '/a' }] } as const
  const kernels = (files: readonly string[], lines: readonly string[], cmdline: string, menu = grubMenu): unknown => {
    const on = medium(['/casper/a.squashfs', ...files], { '/boot/grub/grub.cfg': menu(...lines) })
    return bootedKernels(on, planPack(on, { ...live, cmdline }, true))
  }

  test('each kernel once, with its initrds; what is no file of the medium is none', () => {
    expect(kernels(['/casper/vmlinuz', '/casper/initrd'], ['/casper/vmlinuz quiet', '/casper/vmlinuz nomodeset', '/casper/hwe-vmlinuz'], 'quiet')).toEqual([{ path: '/casper/vmlinuz', initrds: ['/casper/initrd'], shared: false }])
  })

  test('an initrd that another kernel is loaded with', () => {
    const lines = ['/casper/vmlinuz quiet', '/casper/hwe-vmlinuz quiet']
    expect(kernels(['/casper/vmlinuz', '/casper/hwe-vmlinuz', '/casper/initrd'], lines, 'quiet', (...entries) => grubMenu(...entries).replaceAll('hwe-initrd', 'initrd'))).toEqual(['/casper/vmlinuz', '/casper/hwe-vmlinuz'].map((path) => ({ path, initrds: ['/casper/initrd'], shared: true })))
  })

  test('another stack that boots the same', () => {
    const lines = ['/casper/vmlinuz layerfs-path=a.squashfs', '/casper/vmlinuz layerfs-path=a.b.squashfs']
    expect(kernels(['/casper/a.b.squashfs', '/casper/vmlinuz', '/casper/initrd'], lines, 'layerfs-path=a.squashfs')).toEqual([{ path: '/casper/vmlinuz', initrds: ['/casper/initrd'], shared: true }])
  })
})
