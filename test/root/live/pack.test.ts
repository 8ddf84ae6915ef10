/** Packed trees hold what the mounted tree holds, bit by bit, and mount as it was mounted; boot records stay. */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { isOvlError, mountLive, packLive, planLive, planOfLivePack, readLive, readMedium } from '../../../src/index.ts'
import type { LivePackOptions, LivePacked } from '../../../src/index.ts'
import { expectNothingLeft } from '../bad-input/remains.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { MEDIA_TOOLS, makeMedium } from './media.ts'
import type { Medium, Recipe } from './media.ts'

const ground = makeGround()
const skip = ![...MEDIA_TOOLS, 'xorriso', 'setfattr', 'tar', 'zstd'].every(hasTool)
const target = `${ground}/m`
const sh = (script: string, ...words: string[]): string => execFileSync('sh', ['-ec', script, 'sh', ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const out = (name: string): string => `${mkdtempSync(`${ground}/out `)}/${name}`

afterEach(() => expectNothingLeft(ground))
afterAll(() => rmSync(target, { recursive: true, force: true }))

/** All that a squashfs keeps: kind, mode, owner, times of files, links, devices, attributes, content. */
function describeAll(root: string): string {
  return sh(`cd "$1"; find . -printf '%p %y %m %U:%G %l %n %T@\\n' | sed 's/\\.0000000000$//; / d /s/ [0-9]* [0-9.]*$//' | sort; find . -type f -links +1 -printf '%i %p\\n' | sort -k 2 | awk '{ if (!($1 in n)) n[$1] = ++c; print n[$1], $2 }'; find . -type b -o -type c | sort | xargs -r stat -c '%n %t:%T'; find . -type f -print0 | sort -z | xargs -0 sha256sum; find . -print0 | sort -z | xargs -0 getfattr -h -d -m - 2>/dev/null | grep -v '^trusted.overlay'`, root).replaceAll(/(\d{10})\.\d+/g, '$1')
}

/** Things that are easily lost. */
function change(root: string): void {
  writeFileSync(`${root}/who`, 'changed\n')
  rmSync(`${root}/etc/of-${readdirSync(`${root}/etc`)[0]?.slice(3) as string}`)
  rmSync(`${root}/dir`, { recursive: true })
  mkdirSync(`${root}/dir`)
  writeFileSync(`${root}/dir/alone`, '')
  writeFileSync(`${root}/one`, 'linked')
  linkSync(`${root}/one`, `${root}/other`)
  writeFileSync(Buffer.from(`${root}/odd\n\\ "\xff`, 'latin1'), 'odd')
  symlinkSync('no where', `${root}/link`)
  sh('cd "$1"; mknod block b 7 3; mkfifo fifo; chown 12:34 one; chmod 4755 one; setfattr -n user.note -v "a b" one; setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 who; setfattr -n trusted.mine -v x dir; touch -d @1000000000 who', root)
}

async function during<T>(source: string, use: () => Promise<T>): Promise<T> {
  await using _live = await mountLive(source, target, { mkdir: true, size: '64m' })
  return await use()
}

const pack = (path: string, options: LivePackOptions = {}): Promise<LivePacked> => packLive(target, path, options)

async function treeOf(source: string): Promise<string> {
  return during(source, async () => describeAll(target))
}

const MENU = (line: string): Record<string, string> => ({ 'boot/grub/grub.cfg': `menuentry "Live" {\n\tlinux ${line}\n}\n` })
const COUNTED = (shelf: string): Record<string, string> => ({ [`${shelf}/filesystem.size`]: '1\n', [`${shelf}/filesystem.manifest`]: 'old 1\n', 'md5sum.txt': `${'0'.repeat(32)}  ./${shelf}/filesystem.size\n${'1'.repeat(32)}  ./kept\n`, 'kept': '' })

const RECIPES: readonly (readonly [what: string, recipe: Recipe, whole: string, layered: string])[] = [
  ['casper, one image', { shelf: 'casper', images: ['filesystem.squashfs'], files: { ...MENU('/casper/vmlinuz quiet'), ...COUNTED('casper') } }, 'filesystem', 'zz-changes filesystem'],
  ['casper with layerfs-path', { shelf: 'casper', images: ['minimal.squashfs', 'minimal.standard.squashfs', 'minimal.standard.live.squashfs'], files: { ...MENU('/casper/vmlinuz layerfs-path=minimal.standard.live.squashfs'), ...COUNTED('casper') } }, 'minimal', 'minimal.standard.live.changes minimal.standard.live minimal.standard minimal'],
  ['live-boot by name', { shelf: 'live', images: ['01-base.squashfs', '02-top.squashfs'], files: { ...MENU('/live/vmlinuz boot=live'), ...COUNTED('live') } }, '01-base', 'zz-changes 02-top 01-base'],
  ['live-boot by its list', { shelf: 'live', images: ['z-base.squashfs', 'a-top.squashfs'], files: { ...MENU('/live/vmlinuz boot=live'), ...COUNTED('live'), 'live/filesystem.module': 'z-base.squashfs\na-top.squashfs\n' } }, 'z-base', 'zz-changes a-top z-base'],
]

const md5 = (path: string): string => sh('md5sum < "$1"', path).slice(0, 32)

describe.skipIf(skip)('media', () => {
  test.each(RECIPES)('%s: the new medium mounts as the old one was when it was packed', async (_, recipe, whole, layered) => {
    const { iso } = makeMedium(ground, recipe)
    const place = out('whole.iso')
    const second = place.replace('whole', 'layered')
    const { want, one, two } = await during(iso, async () => {
      change(target)
      mkdirSync(`${target}/var/lib/dpkg`, { recursive: true })
      writeFileSync(`${target}/var/lib/dpkg/status`, 'Package: mine\nStatus: install ok installed\nVersion: 2\n')
      return { want: describeAll(target), one: await pack(place), two: await pack(second, { layer: true }) }
    })
    const named = ({ chain }: LivePacked): string => chain.map((name) => name.replace('.squashfs', '')).join(' ')
    expect([named(one), named(two)]).toEqual([whole, layered])
    expect([one.layer, two.layer]).toEqual([undefined, `/${recipe.shelf}/${two.chain[0] as string}`])
    expect(await treeOf(place)).toBe(want)
    expect(await treeOf(second)).toBe(want)
    for (const path of [place, second]) {
      const { files, volumeId } = await readMedium(path)
      expect([volumeId, files.filter((file) => file.path.endsWith('.squashfs')).length]).toEqual(['LIVE', path === place ? 1 : recipe.images.length + 1])
      const unpacked = `${path}.d`
      sh('xorriso -osirrox on -indev "$1" -extract / "$2" 2>/dev/null; chmod -R u+w "$2"', path, unpacked)
      const size = readFileSync(`${unpacked}/${recipe.shelf}/filesystem.size`, 'utf8')
      expect(Number(size)).toBeGreaterThan(1)
      expect(readFileSync(`${unpacked}/${recipe.shelf}/filesystem.manifest`, 'utf8')).toBe('mine 2\n')
      const sums = new Map(readFileSync(`${unpacked}/md5sum.txt`, 'utf8').trim().split('\n').map((line) => [line.slice(34), line.slice(0, 32)]))
      expect([sums.get(`./${recipe.shelf}/filesystem.size`), sums.get('./kept')]).toEqual([md5(`${unpacked}/${recipe.shelf}/filesystem.size`), '1'.repeat(32)])
      expect(sums.get(`./${recipe.shelf}/${path === place ? whole : (two.chain[0] as string).replace('.squashfs', '')}.squashfs`)).toBe(md5(`${unpacked}/${recipe.shelf}/${path === place ? `${whole}.squashfs` : (two.chain[0] as string)}`))
    }
    expect(readdirSync(place.replace(/\/[^/]*$/, '')).filter((name) => name.includes('ovl-new'))).toEqual([])
  })

  test('a layer for another entry of the menu than the first', async () => {
    const { iso } = makeMedium(ground, { shelf: 'casper', images: ['minimal.squashfs', 'minimal.live.squashfs'], files: { 'boot/grub/grub.cfg': 'menuentry A {\n linux /casper/vmlinuz layerfs-path=minimal.live.squashfs\n}\nmenuentry B {\n linux /casper/vmlinuz layerfs-path=minimal.squashfs\n}\n' } })
    const place = out('second.iso')
    await using _live = await mountLive(iso, target, { mkdir: true, size: '16m', cmdline: 'layerfs-path=minimal.squashfs' })
    expect((await pack(place, { layer: true })).chain).toEqual(['minimal.changes.squashfs', 'minimal.squashfs'])
    expect(planLive(await readMedium(place)).entries.map(({ cmdline }) => cmdline)).toEqual(['layerfs-path=minimal.live.squashfs', 'layerfs-path=minimal.changes.squashfs'])
  })

  /** What boots, without where it lies and how large the whole is. */
  const bootOf = (iso: string): string => sh('xorriso -indev "$1" -report_el_torito plain -report_system_area plain -pvd_info 2>/dev/null', iso).split('\n').filter((line) => /^El Torito (?:cat path|img)|^System area|^MBR (?:heads|secs|partition path)|^GPT (?:partition (?:name|flags|path)|type)|^Volume Id/.test(line)).join('\n')

  const ISOLINUX = '/usr/lib/ISOLINUX'

  test.skipIf(!existsSync(ISOLINUX))('boot records, partition table and volume id are kept', async () => {
    const { tree } = makeMedium(ground, { shelf: 'live', images: ['filesystem.squashfs'], files: { ...MENU('/live/vmlinuz boot=live'), 'isolinux/isolinux.cfg': '', 'boot/grub/efi.img': 'e'.repeat(65_536) } })
    const iso = out('bootable.iso')
    copyFileSync(`${ISOLINUX}/isolinux.bin`, `${tree}/isolinux/isolinux.bin`)
    sh('xorriso -as mkisofs -quiet -o "$1" -V MY-LIVE -J -R -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table -eltorito-alt-boot -e boot/grub/efi.img -no-emul-boot -isohybrid-gpt-basdat -isohybrid-mbr "$3" "$2" 2>/dev/null', iso, tree, `${ISOLINUX}/isohdpfx.bin`)
    expect(bootOf(iso)).toMatch(/El Torito img path : {3}2 {2}\/boot\/grub\/efi\.img[^]*summary: MBR.* GPT[^]*MY-LIVE/)
    const [whole, stick] = [out('whole.iso'), out('stick.img')]
    await during(iso, async () => {
      await pack(whole)
      expect(await pack(stick)).toMatchObject({ kind: 'img', chain: ['filesystem.squashfs'], next: expect.stringMatching(/^Write it to a stick: dd if=/) })
    })
    expect(bootOf(whole)).toBe(bootOf(iso))
    expect(bootOf(stick)).toBe(bootOf(iso))
    // Of a directory with the same boot images a medium is made anew.
    const again = out('again.iso')
    await during(tree, () => pack(again))
    expect(bootOf(again)).toMatch(/El Torito img path : {3}1 {2}\/isolinux\/isolinux\.bin[^]*El Torito img path : {3}2 {2}\/boot\/grub\/efi\.img/)
  })
})

describe.skipIf(skip)('one image', () => {
  const { iso, tree } = skip ? ({ iso: '', tree: '' } satisfies Medium) : makeMedium(ground, { shelf: 'live', images: ['01-base.squashfs', '02-top.squashfs'] })

  test('holds the tree, and nothing that others mounted in it; twice the same bytes', async () => {
    const [first, second, archive] = [out('a.squashfs'), out('a.squashfs'), out('a.tar.zst')]
    process.env['SOURCE_DATE_EPOCH'] = '1700000000'
    try {
      const want = await during(iso, async () => {
        change(target)
        const tree = describeAll(target)
        mkdirSync(`${target}/home/user/mnt`)
        sh('mount -t tmpfs tmpfs "$1/home/user"; mkdir "$1/home/user/deeper"; mount -t tmpfs tmpfs "$1/home/user/deeper"; touch "$1/home/user/deeper/foreign"', target)
        try {
          const { warnings, chain } = await pack(first)
          expect(warnings.map(({ code, title }) => [code, title])).toEqual([['pack-incomplete', "2 mounts inside the tree are not packed: '/home/user', '/home/user/deeper'"]])
          expect(chain).toEqual(['a.squashfs'])
          await pack(archive)
        } finally {
          sh('umount "$1/home/user/deeper" "$1/home/user"', target)
        }
        rmSync(`${target}/home/user/mnt`, { recursive: true })
        return tree
      })
      const unpacked = `${first}.d`
      sh('unsquashfs -q -n -d "$2" "$1" >/dev/null; test -d "$2/home/user/mnt"; rmdir "$2/home/user/mnt"', first, unpacked)
      expect(sh('unsquashfs -s "$1"', first)).toMatch(/Compression gzip[^]*Block size 131072/)
      // Times are set back to SOURCE_DATE_EPOCH, but for those before it.
      const timeless = (text: string): string => text.replaceAll(/ 1[67]\d{8}$/gm, '')
      expect(timeless(describeAll(unpacked))).toBe(timeless(want))
      const restored = `${archive}.d`
      mkdirSync(restored)
      sh("tar --extract --file \"$1\" --xattrs --xattrs-include='*' --numeric-owner --directory \"$2\"; rmdir \"$2/home/user/mnt\"", archive, restored)
      expect(describeAll(restored)).toBe(want)
    } finally {
      delete process.env['SOURCE_DATE_EPOCH']
    }
    process.env['SOURCE_DATE_EPOCH'] = '1700000000'
    await during(first, async () => {
      await pack(second)
      const third = out('b.squashfs')
      await pack(third)
      expect(readFileSync(third).equals(readFileSync(second))).toBe(true)
    }).finally(() => delete process.env['SOURCE_DATE_EPOCH'])
  })

  test('a layer keeps deletions and opaque directories, and refuses what needs the layers below', async () => {
    const path = out('l.squashfs')
    await during(iso, async () => {
      change(target)
      const { chain, next, layer } = await pack(path, { layer: true })
      expect([chain, layer, next]).toEqual([['l.squashfs', '02-top.squashfs', '01-base.squashfs'], '/live/zz-changes.squashfs', 'Copy l.squashfs to /live/zz-changes.squashfs of the medium.'])
      sh('setfattr -n system.posix_acl_access -v 0x0200000001000600ffffffff02000400010000000400040000000000100006000000ffff20000400ffffffff "$1/one"', target)
      expect((await pack(path, { layer: true })).warnings.map(({ title }) => title)).toEqual(['a squashfs cannot keep system.posix_acl_access: access control lists are not packed'])
      const { upper } = readLive(target)
      sh('setfattr -n trusted.overlay.metacopy "$1/one"', upper)
      await expect(pack(path, { layer: true })).rejects.toMatchObject({ code: 'metacopy-mismatch', message: expect.stringContaining("'/one'") })
      sh('setfattr -x trusted.overlay.metacopy "$1/one"', upper)
    })
    const unpacked = `${path}.d`
    expect(sh('unsquashfs -q -n -d "$2" "$1" >/dev/null; cd "$2"; stat -c "%F %t:%T" etc/of-01-base.squashfs; getfattr --only-values -n trusted.overlay.opaque dir', path, unpacked)).toBe('character special file 0:0\ny')
    // Beside the others in the unpacked medium it is on top.
    copyFileSync(path, `${tree}/live/zz-changes.squashfs`)
    await during(tree, async () => expect([existsSync(`${target}/etc/of-01-base.squashfs`), readFileSync(`${target}/who`, 'utf8')]).toEqual([false, 'changed\n'])).finally(() => rmSync(`${tree}/live/zz-changes.squashfs`))
  })

  test('a renamed directory: live-boot follows it, casper does not', async () => {
    const casper = makeMedium(ground, { shelf: 'casper', images: ['filesystem.squashfs'] }).iso
    for (const [source, refused] of [[iso, false], [casper, true]] as const) {
      await during(source, async () => {
        if (refused) {
          mkdirSync(`${target}/moved`)
          sh('setfattr -n trusted.overlay.redirect -v /dir "$1/moved"', readLive(target).upper)
        } else {
          renameSync(`${target}/dir`, `${target}/moved`)
        }
        const done = pack(out('l.squashfs'), { layer: true })
        await (refused ? expect(done).rejects.toMatchObject({ code: 'metacopy-mismatch' }) : expect(done).resolves.toMatchObject({ kind: 'squashfs' }))
      })
    }
  })

  test('somebody at work in the tree is told of', async () => {
    await during(iso, async () => {
      const guest = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', 'mount -t tmpfs tmpfs "$1/dir"; echo; exec sleep 60', 'sh', target], { stdio: ['ignore', 'pipe', 'ignore'] })
      try {
        await once(guest.stdout, 'data')
        const { warnings } = await planOfLivePack(target, `${ground}/x.squashfs`)
        expect(warnings.map(({ code, evidence }) => [code, evidence[0]?.fact])).toEqual([['pack-incomplete', `process ${guest.pid} sees more mounted inside it`]])
      } finally {
        guest.kill('SIGKILL')
        await once(guest, 'exit')
      }
    })
  })

  test('only what can be made is begun', async () => {
    const codeOf = async (path: string, options: LivePackOptions = {}): Promise<string> => {
      try {
        await pack(path, options)
        return 'made'
      } catch (error) {
        return isOvlError(error) ? error.code : String(error)
      }
    }
    symlinkSync(iso, `${ground}/alias.iso`)
    await during(iso, async () => {
      const bad = [iso, `${ground}/alias.iso`, `${target}/x.squashfs`, `${ground}/x.zip`, `${ground}/none/x.iso`, ground, '/dev/null', '']
      expect(await Promise.all(bad.map((path) => codeOf(path)))).toEqual(bad.map(() => 'usage'))
      // It is made by genisoimage, without boot records.
      expect([await codeOf(`${ground}/x.img`), await codeOf(`${ground}/x.tar`, { layer: true })]).toEqual(['usage', 'usage'])
      const before = readdirSync(ground)
      const { steps, shell, next } = await planOfLivePack(target, `${ground}/dry.iso`)
      expect([steps.at(-1), shell.length, next]).toEqual([`write ${ground}/dry.iso: ${iso} with /live/01-base.squashfs, without /live/02-top.squashfs`, 2, `Look at it: ovl live plan ${ground}/dry.iso`])
      expect(readdirSync(ground)).toEqual(before)
    })
    // Nothing to boot from; inside itself.
    await during(tree, async () => expect([await codeOf(`${ground}/x.iso`), await codeOf(`${tree}/x.iso`)]).toEqual(['usage', 'usage']))
    await expect(packLive(`${ground}/nothing`, `${ground}/x.iso`)).rejects.toMatchObject({ code: 'not-mounted' })
  })
})
