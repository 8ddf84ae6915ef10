/** Changes that are kept: laid out as the live system that boots from the same disk wants them, and there again at the next mount. */

import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, readlinkSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { isOvlError, mountLive, planOfLiveMount, planOfLivePack, unmount, unmountLive } from '../../../src/index.ts'
import type { LiveMountOptions } from '../../../src/index.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { expectNothingLeft } from '../bad-input/remains.ts'
import { MEDIA_TOOLS, makeMedium } from './media.ts'

const ground = makeGround()
const target = `${ground}/m`
const skip = ![...MEDIA_TOOLS, 'mkfs.ext4', 'debugfs'].every(hasTool)
const casper = skip ? '' : makeMedium(ground, { shelf: 'casper', images: ['filesystem.squashfs'] }).iso
const debian = skip ? '' : makeMedium(ground, { shelf: 'live', images: ['01-base.squashfs', '02-top.squashfs'] }).iso
const place = (): string => mkdtempSync(`${ground}/kept `)
const sh = (script: string, ...words: string[]): string => execFileSync('sh', ['-ec', script, 'sh', ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

afterEach(() => expectNothingLeft(ground))

/** Mounts, calls `use`, takes it down; the codes of the warnings. */
async function during(iso: string, options: LiveMountOptions, use: (live: Awaited<ReturnType<typeof mountLive>>) => void): Promise<string[]> {
  await using live = await mountLive(iso, target, { mkdir: true, ...options })
  use(live)
  return live.warnings.map(({ code }) => code)
}

async function refusal(iso: string, options: LiveMountOptions): Promise<unknown> {
  try {
    await during(iso, options, () => undefined)
    return undefined
  } catch (error) {
    if (!isOvlError(error)) throw error
    expect(error.details.undo).toBeUndefined()
    return [error.code, ...error.findings.flatMap(({ fix }) => fix.flatMap(({ command }) => command ?? []))]
  }
}

describe.skipIf(skip)('casper', () => {
  test('an image that is made: ext4 with the label casper looks for, upper and work at its top', async () => {
    const image = `${place()}/disk.img`
    const options = { persist: image, size: '16m' }
    const steps = (await planOfLiveMount(casper, target, { mkdir: true, ...options })).steps.map((step) => step.do)
    expect(steps).toContain('make-disk')
    expect(existsSync(image)).toBe(false)
    expect(await during(casper, options, ({ keeps, upper }) => {
      expect([keeps, upper]).toEqual(['everything', expect.stringMatching(/\/disk\/upper$/)])
      writeFileSync(`${target}/etc/timezone`, 'Asia/Shanghai\n')
    })).toEqual([])
    expect(sh('blkid -o value -s LABEL -s TYPE "$1"; debugfs -R "ls -p /" "$1"; debugfs -R "cat /upper/etc/timezone" "$1"', image)).toMatch(/^writable\next4\n[^]*\/upper\/[^]*\/work\/[^]*Asia\/Shanghai\n$/)
    expect(statSync(image).blocks * 512).toBeLessThan(8 * 1024 * 1024)
    await during(casper, { persist: image }, () => expect(readFileSync(`${target}/etc/timezone`, 'utf8')).toBe('Asia/Shanghai\n'))
    expect(await refusal(casper, options)).toEqual(['usage'])
  })

  test('a directory', async () => {
    const dir = place()
    await during(casper, { persist: dir }, () => writeFileSync(`${target}/new`, ''))
    expect([readdirSync(dir), readdirSync(`${dir}/upper`)]).toEqual([['upper', 'work'], ['new']])
    writeFileSync(`${dir}/of mine`, '')
    await during(casper, { persist: dir }, () => expect(existsSync(`${target}/new`)).toBe(true))
  })

  test.each(['xfs', 'btrfs'])('a disk with %s, and a block device', { skip: !hasTool('mkfs.xfs') || !hasTool('mkfs.btrfs') }, async (type) => {
    if (!new RegExp(`\\b${type}$`, 'm').test(readFileSync('/proc/filesystems', 'utf8'))) return
    const image = `${place()}/disk`
    sh(`truncate -s 320M "$1"; mkfs.${type} -q "$1" >/dev/null`, image)
    const device = sh('losetup --find --show "$1"', image).trim()
    try {
      await during(casper, { persist: device }, ({ persist }) => {
        expect(persist).toMatchObject({ what: 'device', source: device })
        writeFileSync(`${target}/new`, '')
      })
      expect(await refusal(casper, { persist: image })).toEqual(['upper-in-use'])
    } finally {
      sh('losetup --detach "$1"', device)
    }
    await during(casper, { persist: image }, () => expect(existsSync(`${target}/new`)).toBe(true))
  })

  test('what was not unmounted cleanly is recovered', async () => {
    const image = `${place()}/disk.img`
    await during(casper, { persist: image, size: '16m' }, ({ persist }) => {
      writeFileSync(`${target}/late`, 'late')
      sh('sync -f "$1"; cp "$2" "$2.dirty"', persist?.at ?? '', image)
    })
    expect(await during(casper, { persist: `${image}.dirty` }, () => expect(readFileSync(`${target}/late`, 'utf8')).toBe('late'))).toEqual(['persistence-unusable'])
    expect(await during(casper, { persist: `${image}.dirty` }, () => undefined)).toEqual([])
  })
})

describe.skipIf(skip)('live-boot', () => {
  const withConf = (text: string): string => {
    const dir = place()
    writeFileSync(`${dir}/persistence.conf`, text)
    return dir
  }

  test('an image that is made keeps all, in the order live-boot has under / union', async () => {
    const image = `${place()}/disk.img`
    expect(await during(debian, { persist: image, size: '16m' }, ({ layers, upper }) => {
      expect([layers.map(({ name }) => name), upper]).toEqual([['01-base.squashfs', '02-top.squashfs'], expect.stringMatching(/\/disk\/rw$/)])
      expect(readFileSync(`${target}/who`, 'utf8')).toBe('01-base.squashfs\n')
    })).toEqual(['live-order-reversed'])
    expect(sh('blkid -o value -s LABEL "$1"; debugfs -R "cat /persistence.conf" "$1"', image)).toBe('persistence\n/ union\n')
  })

  test('binds are filled from the tree once, a union stands on the layers, the rest is lost', async () => {
    const dir = withConf('/home bind\n/dir union,source=keep/dir\n/srv/new\n')
    const inside = ['/dir', '/home', '/srv/new'].map((path) => `${target}${path}`)
    await during(debian, { persist: dir }, ({ keeps, persist, ...live }) => {
      expect([keeps, persist, live.inside]).toEqual(['some places', { what: 'directory', source: dir, at: dir }, inside])
      expect(readFileSync(`${target}/home/user/note`, 'utf8')).toBe('02-top.squashfs\n')
      expect(readdirSync(`${target}/dir`)).toEqual(['in-01-base.squashfs', 'in-02-top.squashfs'])
      for (const path of ['home/mine', 'dir/mine', 'srv/new/mine', 'lost']) writeFileSync(`${target}/${path}`, '')
    })
    expect(sh('cd "$1"; find . -name mine', dir).trim().split('\n').toSorted()).toEqual(['./home/mine', './keep/dir/rw/mine', './srv/new/mine'])
    expect(statSync(`${dir}/home/user`).uid).toBe(1000)
    sh('rm "$1/home/user/note"', dir)
    await during(debian, { persist: dir }, () => expect(sh('cd "$1"; ls home/user dir srv/new', target)).toBe('dir:\nin-01-base.squashfs\nin-02-top.squashfs\nmine\n\nhome/user:\n\nsrv/new:\nmine\n'))
  })

  test('links lead to the files of the disk, from inside and from outside, and changes go there', async () => {
    const dir = withConf('/etc link,source=keep/etc\n/new link\n/home bind\n')
    const name = dir.slice(dir.lastIndexOf('/') + 1)
    sh('cd "$1"; mkdir -p keep/etc/deep/er keep/etc/none home; echo mine > keep/etc/of-01-base.squashfs; echo deep > keep/etc/deep/er/file; printf x > "keep/etc/back\\ slash"; ln -s /etc/passwd keep/etc/out; chown 7:8 keep/etc/deep; chmod 2750 keep/etc/deep', dir)
    const shown = ['/home', `/run/live/persistence/${name}/keep/etc`, `/run/live/persistence/${name}/new`].map((path) => `${target}${path}`)
    await during(debian, { persist: dir }, ({ inside, keeps }) => {
      expect([inside, keeps]).toEqual([shown, 'some places'])
      expect(readlinkSync(`${target}/etc/of-01-base.squashfs`)).toBe(`../run/live/persistence/${name}/keep/etc/of-01-base.squashfs`)
      expect(sh('cd "$1/etc"; cat of-01-base.squashfs deep/er/file "back\\ slash"; stat -c "%u:%g %a" deep; test ! -e none; readlink "$(readlink out)"', target)).toBe('mine\ndeep\nx7:8 2750\n/etc/passwd\n')
      writeFileSync(`${target}/etc/deep/er/file`, 'changed')
      expect(readdirSync(`${target}/home`)).toEqual([])
    })
    expect([readFileSync(`${dir}/keep/etc/deep/er/file`, 'utf8'), readdirSync(`${dir}/new`), readlinkSync(`${dir}/keep/etc/out`)]).toEqual(['changed', [], '/etc/passwd'])
    // A tree that is packed has the symlinks, and not the disk in its /run.
    const live = await mountLive(debian, target, { mkdir: true, persist: dir })
    const { warnings, shell } = await planOfLivePack(target, `${ground}/x.tar`)
    expect(warnings.map(({ title }) => title)).toEqual([`what persistence.conf keeps by link is packed as symlinks: they lead nowhere without '${dir}'`])
    expect(shell.join()).toContain(` 2 '${shown[2]}' '${shown[1]}' tar `)
    await live.unmount()
    // Of a file that would take the place of a directory, all comes down again, and nothing is deleted.
    writeFileSync(`${dir}/persistence.conf`, '/home link\n')
    writeFileSync(`${dir}/home/user`, 'of the disk')
    expect(await refusal(debian, { persist: dir })).toEqual(['persistence-unusable'])
    expect(readFileSync(`${dir}/home/user`, 'utf8')).toBe('of the disk')
    for (const conf of ['/who\n', '/who/x union\n', '/who link\n']) {
      writeFileSync(`${dir}/persistence.conf`, conf)
      await expect(mountLive(debian, target, { mkdir: true, persist: dir }), conf).rejects.toMatchObject({ code: 'persistence-unusable', message: "'/who' is a file, and persistence.conf asks for a directory there" })
    }
    // What the owner of the disk emptied stays so, and what is made below /home is the first user's.
    mkdirSync(`${dir}/empty`)
    writeFileSync(`${dir}/persistence.conf`, '/dir source=empty\n/home/new/x\n')
    await during(debian, { persist: dir }, () => expect([readdirSync(`${target}/dir`), sh('stat -c %u:%g "$1/home/new" "$1/home/new/x"', target)]).toEqual([[], '1000:1000\n1000:1000\n']))
  })

  test('under a shared mount, as systemd has it, ovl umount takes all of it down too', async () => {
    const dir = withConf('/ union,source=all\n/home\n')
    mkdirSync(`${ground}/shared`)
    sh('mount -t tmpfs --make-shared shared "$1/shared"; mount --make-shared "$1"', ground)
    try {
      const live = await mountLive(debian, `${ground}/shared/m`, { mkdir: true, persist: dir })
      expect(live.inside).toEqual([`${ground}/shared/m/home`])
      writeFileSync(`${ground}/shared/m/home/mine`, '')
      writeFileSync(`${ground}/shared/m/all`, '')
      expect((await unmount(live.target)).unmounted.slice(0, 2)).toEqual([`${live.target}/home`, live.target])
    } finally {
      sh('umount "$1/shared"; mount --make-private "$1"', ground)
    }
    expect([existsSync(`${dir}/home/mine`), existsSync(`${dir}/all/rw/all`)]).toEqual([true, true])
  })

  test('while somebody is in it, nothing of it comes down', async () => {
    const dir = withConf('/home\n/dir union,source=keep\n')
    const live = await mountLive(debian, target, { mkdir: true, persist: dir })
    const mounts = (): string[] => sh('findmnt --noheadings --list --output TARGET,FSTYPE,OPTIONS | grep -F "$1"', target).trim().split('\n').toSorted()
    const before = mounts()
    for (const path of [`${target}/who`, `${target}/dir/in-02-top.squashfs`, `${target}/home/user/note`]) {
      const fd = openSync(path, 'r')
      await expect(unmountLive(target), path).rejects.toMatchObject({ code: 'umount-busy', message: expect.stringMatching(new RegExp(`held by \\S+ \\(${process.pid}\\)( \\(\\d+ process(?:es)? could not be looked at\\))?$`)) })
      closeSync(fd)
      expect(mounts(), path).toEqual(before)
    }
    mkdirSync(`${target}/mine`)
    sh('mount -t tmpfs mine "$1/mine"', target)
    await expect(unmountLive(target)).rejects.toMatchObject({ code: 'umount-busy', message: expect.stringContaining('/mine') })
    expect(mounts()).toHaveLength(before.length + 1)
    writeFileSync(`${target}/home/late`, '')
    expect((await unmount(target, { recursive: true })).unmounted.slice(0, 4).toSorted()).toEqual([live.target, `${target}/dir`, `${target}/home`, `${target}/mine`].toSorted())
    expect(existsSync(`${dir}/home/late`)).toBe(true)

    const again = await mountLive(debian, target, { mkdir: true, persist: dir })
    const fd = openSync(`${target}/home/late`, 'r')
    await unmountLive(target, { lazy: true })
    expect(existsSync(`${again.directory}`)).toBe(false)
    closeSync(fd)
  })

  test('lines that cannot be shown are told', async () => {
    expect(await during(debian, { persist: withConf('/ link,source=x\nhome\n/usr\n') }, () => undefined)).toEqual(['persistence-line-skipped', 'persistence-line-skipped'])
    expect(await during(debian, { persist: withConf('# nothing\n') }, ({ keeps }) => expect(keeps).toBe('nothing'))).toEqual(['persistence-unusable'])
    expect(await refusal(debian, { persist: withConf('/ union\n/home\n') })).toEqual(['persistence-sources-nested'])
  })
})

describe.skipIf(skip)('what cannot keep changes', () => {
  test('is refused, with the way out', async () => {
    const dir = place()
    expect(await refusal(debian, { persist: dir })).toEqual(['persistence-unusable', `printf '/ union\\n' > '${dir}/persistence.conf'`])
    writeFileSync(`${dir}/photo`, '')
    expect(await refusal(casper, { persist: dir })).toEqual(['persistence-unusable'])
    expect(await refusal(casper, { persist: `${dir}/none` })).toEqual(['persistence-unusable', `ovl live mount SOURCE TARGET --persist '${dir}/none' --size 4g`, `mkdir '${dir}/none'`])
    expect(await refusal(casper, { persist: `${dir}/photo` })).toEqual(['persistence-unusable'])
    expect(await refusal(casper, { persist: '/dev/there-is-none' })).toEqual(['persistence-unusable', 'lsblk -o NAME,LABEL,UUID,FSTYPE'])
    expect(await refusal(casper, { persist: debian })).toEqual(['upper-unsupported'])
    expect(await refusal(casper, { persist: 'LABEL=there is none' })).toEqual(['persistence-unusable'])
    expect(await refusal(casper, { persist: `${dir}/no/where`, size: '16m' })).toEqual(['persistence-unusable'])
    expect(readdirSync(dir)).toEqual(['photo'])
  })

  test('no symlink, of the disk or of the live system, leads out of it', async () => {
    const host = place()
    const dir = place()
    const write = (conf: string): void => writeFileSync(`${dir}/persistence.conf`, conf)
    symlinkSync(host, `${dir}/home`)
    for (const conf of ['/home\n', '/home union\n', '/home/user\n', '/srv source=home/x\n', '/ union,source=home\n']) {
      write(conf)
      expect(await refusal(debian, { persist: dir }), conf).toEqual(['persistence-unusable'])
    }
    // The layers of this medium have a link to the outside, and so has the upper of an earlier mount.
    const linked = makeMedium(ground, { shelf: 'live', images: ['a.squashfs'], links: { out: host } }).iso
    for (const conf of ['/out\n', '/out/x union\n', '/out/x bind,source=y\n']) {
      write(conf)
      expect(await refusal(linked, { persist: dir }), conf).toEqual(['persistence-unusable'])
    }
    unlinkSync(`${dir}/persistence.conf`)
    symlinkSync('/etc/passwd', `${dir}/persistence.conf`)
    expect(((await refusal(debian, { persist: dir })) as string[])[0]).toBe('persistence-unusable')
    expect(readdirSync(host)).toEqual([])
  })

  test('in use', async () => {
    const image = `${place()}/disk.img`
    await during(casper, { persist: image, size: '16m' }, () => undefined)
    await using _first = await mountLive(casper, target, { mkdir: true, persist: image })
    await expect(mountLive(debian, `${ground}/other`, { mkdir: true, persist: image })).rejects.toMatchObject({ code: 'upper-in-use' })

    // Two at once: at most one of them has it.
    const other = `${place()}/disk.img`
    await during(casper, { persist: other, size: '16m' }, () => undefined)
    const both = await Promise.allSettled(['one', 'two'].map((name) => mountLive(casper, `${ground}/${name}`, { mkdir: true, persist: other })))
    expect(both.filter(({ status }) => status === 'fulfilled').length).toBeLessThan(2)
    for (const one of both) {
      if (one.status === 'fulfilled') await one.value.unmount()
      else expect(one.reason).toMatchObject({ code: 'upper-in-use' })
    }
  })
})
