// The boots: what ovl does before, what is booted, and what has to hold.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { copyTree, makeImage } from '../debian.mjs'
import { output } from '../host.mjs'
import { find } from '../programs.mjs'
import { QUIET } from './medium.mjs'
import { inSystem, initramfsOf } from './system.mjs'

/** EFI firmware of the Debian package ovmf. */
const OVMF = '/usr/share/ovmf/OVMF.fd'

// Story 7 and a package, done as the system's administrator does them.
const CHANGE = `
cp "$DEB" "$dir/var/tmp/greet.deb"
say enter ovl live enter "$dir" -- sh -euc '
	echo "zh_CN.UTF-8 UTF-8" >>/etc/locale.gen
	locale-gen
	update-locale LANG=zh_CN.UTF-8
	ln -sf /usr/share/zoneinfo/Asia/Shanghai /etc/localtime
	dpkg-reconfigure -f noninteractive tzdata
	dpkg -i /var/tmp/greet.deb
	rm /var/tmp/greet.deb
' 2>&1
say started ls "$dir/var/lib/greet"
say left sh -c 'findmnt -rno TARGET | grep "^$1/" || :; ls "$1/usr/sbin/policy-rc.d" 2>/dev/null || :' sh "$dir"
`

const PACK = `
dir=$PLACE/dir
mkdir -p "$dir"
say plan ovl live plan "$ISO" --json
ovl live mount "$ISO" "$dir"
${CHANGE}
say pack ovl live pack "$dir" "$PLACE/whole.iso" --json
say packLayer ovl live pack "$dir" "$PLACE/layer.iso" --layer --json
ovl live umount "$dir"
say after sh -c 'find "$1" /run/ovl -mindepth 1; findmnt -rno TARGET | grep "^$1\\|^/run/ovl/" || :' sh "$dir"
for name in whole layer; do say "$name" ovl live plan "$PLACE/$name.iso" --json; done
for iso in "$ISO" "$PLACE/whole.iso" "$PLACE/layer.iso"; do
	say "boot$((n = n + 1))" xorriso -indev "$iso" -report_el_torito plain -report_system_area plain 2>/dev/null
	osirrox=$PLACE/x$n
	mkdir "$osirrox"
	xorriso -osirrox on -indev "$iso" -extract / "$osirrox" >&2 2>/dev/null
	say "sums$n" sh -c 'cd "$1" && { md5sum --quiet -c md5sum.txt 2>&1 || :; }' sh "$osirrox"
	say "packages$n" grep -c ^greet "$osirrox/live/filesystem.packages" || :
	rm -rf "$osirrox"
done
`

const PERSIST = `
dir=$PLACE/dir
mkdir -p "$dir"
ovl live mount "$ISO" "$dir" --persist "$PLACE/p.img" --size 256m
${CHANGE}
ovl live umount "$dir"
`
const PERSISTED = `
dir=$PLACE/dir
ovl live mount "$ISO" "$dir" --persist "$PLACE/p.img"
say written cat "$dir/var/lib/written"
say locale cat "$dir/etc/default/locale"
ovl live umount "$dir"
`

const FSTAB = 'LABEL=root / ext4 defaults,errors=remount-ro 0 1\ntmpfs /srv tmpfs defaults 0 0\n'

const packed = ({ once, session }) => once('packed', () => session('mounted, changed, packed twice', PACK, { n: '0' }))
const image = ({ data }) => data.layers.map(({ name }) => name)
const json = text => JSON.parse(text)

/** What all changed systems show. */
const CHANGED = {
  'the boot is whole': ({ report }) => assert.deepEqual({ state: report.state, failed: report.failed }, { state: 'running', failed: '' }),
  'its locale is the new one': ({ report: { locale, charmap, month } }) => assert.deepEqual({ locale, charmap, month }, { locale: 'LANG=zh_CN.UTF-8', charmap: 'UTF-8', month: '一月' }),
  'its time zone is the new one': ({ report: { timezone, localtime, offset } }) => assert.deepEqual({ timezone, localtime, offset }, { timezone: 'Asia/Shanghai', localtime: '/usr/share/zoneinfo/Asia/Shanghai', offset: '+0800' }),
  'the package is there': ({ report }) => assert.deepEqual({ package: report.package, greeting: report.greeting }, { package: 'install ok installed 1.0', greeting: 'hello' }),
  'its service starts at the boot, and did not in enter': ({ said, report }) => {
    assert.match(said.enter, /policy-rc\.d denied execution of start/)
    assert.deepEqual({ enter: said.started, boot: report.started }, { enter: '', boot: report.boot })
  },
  'enter leaves nothing behind': ({ said }) => assert.equal(said.left, ''),
}

const rootOf = ({ root }) => json(root).filesystems[0]
const lowers = report => /lowerdir=([^,]*)/.exec(rootOf(report).options)[1].split(':').map(path => path.replace(/\/$/, '').replace(/.*\//, ''))

/** Partitions and boot images, without the places and ids that change with the content. */
const bootRecords = text => text.split('\n').filter(line => /^(El Torito (cat path|img path|img opts)|System area (options|summary)|MBR partition path|GPT partition path|GPT type GUID|Partition offset)/.test(line))

export const SCENES = [
  {
    name: 'packed',
    prepare: world => ({ said: packed(world), machine: { cdrom: join(world.place, 'whole.iso') } }),
    checks: {
      ...CHANGED,
      'ovl stacks what the live system stacks': ({ said, report }) => {
        assert.deepEqual(image(json(said.plan)), ['filesystem.squashfs'])
        assert.deepEqual(image(json(said.whole)), lowers(report))
        assert.deepEqual(json(said.pack).data.chain, lowers(report))
      },
      'the default entry of the medium is booted': ({ said, report }) => assert.ok(report.cmdline.includes(json(said.plan).data.cmdline), report.cmdline),
      'boot records are those of the original': ({ said }) => assert.deepEqual(bootRecords(said.boot2), bootRecords(said.boot1)),
      'the lists on the medium are renewed': ({ said }) => assert.deepEqual([said.sums1, said.sums2, said.packages1, said.packages2], ['', '', '0', '1']),
      'nothing of the mount is left': ({ said }) => assert.equal(said.after, ''),
    },
  },
  {
    // The packed medium as a stick: its partition table leads the firmware to GRUB.
    name: 'layer by EFI',
    prepare: world => ({ said: packed(world), machine: { firmware: OVMF, disks: [{ path: join(world.place, 'layer.iso'), readOnly: true }] } }),
    checks: {
      ...CHANGED,
      'the layer is on top': ({ said, report }) => {
        assert.equal(lowers(report).length, 2)
        assert.equal(lowers(report)[1], 'filesystem.squashfs')
        assert.deepEqual(image(json(said.layer)), lowers(report))
        assert.deepEqual(json(said.packLayer).data.chain, lowers(report))
      },
      'boot records are those of the original': ({ said }) => assert.deepEqual(bootRecords(said.boot3), bootRecords(said.boot1)),
      'the lists on the medium are renewed': ({ said }) => assert.equal(said.sums3, ''),
    },
  },
  {
    name: 'persistence',
    prepare: ({ session, system, iso, place }) => ({
      said: session('persistence prepared', PERSIST),
      machine: { kernel: system.kernel, initramfs: system.initramfs, append: `boot=live persistence ${QUIET}`, cdrom: iso, disks: [join(place, 'p.img')] },
    }),
    after: ({ session }) => session('persistence looked at', PERSISTED),
    checks: {
      ...CHANGED,
      'its changes lie on the disk': ({ report }) => assert.match(rootOf(report).options, /upperdir=\/run\/live\/persistence\/vda\/rw,/),
      'what the booted system wrote is seen by ovl': ({ report, after }) => assert.deepEqual(after, { written: report.boot, locale: 'LANG=zh_CN.UTF-8' }),
    },
  },
  {
    name: 'root --boot',
    prepare: ({ linux, system, place, session }) => {
      const tree = copyTree(system.tree, join(place, 'installed'))
      writeFileSync(join(tree, 'etc/fstab'), FSTAB)
      const said = session('ovl root --boot', 'say written ovl root --boot "$TREE"', { TREE: tree })
      inSystem(tree, 'update-initramfs -u')
      return { said, machine: { kernel: system.kernel, initramfs: initramfsOf(tree, linux), append: `root=LABEL=root ro ${QUIET}`, disks: [makeImage(tree, join(place, 'root.ext4'))] } }
    },
    after: ({ place }) => ({ lib: output(find('debugfs'), ['-R', 'ls /var/lib', join(place, 'root.ext4')], { stdio: ['ignore', 'pipe', 'pipe'] }), fstab: output(find('debugfs'), ['-R', 'cat /etc/fstab', join(place, 'root.ext4')], { stdio: ['ignore', 'pipe', 'pipe'] }) }),
    checks: {
      'the boot is whole': CHANGED['the boot is whole'],
      'the root is an overlay over it': ({ report }) => {
        const { source, fstype, options } = rootOf(report)
        assert.deepEqual([source, fstype], ['ovl-root', 'overlay'])
        assert.match(options, /^rw,.*lowerdir=\/run\/ovl-root\/lower,/)
      },
      'the root itself is read-only': ({ report }) => assert.match(json(report.mounts).filesystems.find(({ target }) => target === '/run/ovl-root/lower').options, /^ro,/),
      'the line of / is set aside, the other is not': ({ report }) => {
        assert.equal(report.fstab, `#ovl-root# ${FSTAB.trim()}`)
        assert.ok(json(report.mounts).filesystems.some(({ target, fstype }) => target === '/srv' && fstype === 'tmpfs'))
      },
      'what was written is not on the disk': ({ after }) => {
        assert.match(after.lib, /\bdpkg\b/)
        assert.doesNotMatch(after.lib, /\bwritten\b/)
        assert.equal(after.fstab, FSTAB)
      },
    },
  },
]
