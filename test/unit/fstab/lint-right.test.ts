/** Files that are right, as manuals and distributions write them: no error and no warning is raised. */

import { describe, expect, test } from 'vitest'
import { codesOf, lint } from './lint-facts.ts'
import type { Scene } from './lint-facts.ts'

const FILES: readonly (readonly [name: string, text: string, scene?: Scene])[] = [
  ['the recipe of the Arch wiki', 'UUID=0a3 / ext4 rw,relatime 0 1\noverlay /merged overlay noauto,x-systemd.automount,lowerdir=/lower,upperdir=/upper,workdir=/work 0 0'],
  ['read-only, of the Arch wiki', 'overlay /merged overlay lowerdir=/lower1:/lower2 0 0'],
  ['as NixOS writes it', '/dev/disk/by-label/nixos / ext4 x-initrd.mount 0 1\noverlay /nix/store overlay x-initrd.mount,lowerdir=/sysroot/nix/.ro-store,upperdir=/sysroot/nix/.rw-store/store,workdir=/sysroot/nix/.rw-store/work 0 0\n'],
  ['NixOS, its own order', 'tmpfs / tmpfs mode=0755 0 0\n/dev/disk/by-label/persist /persist ext4 defaults 0 2\noverlay /data overlay lowerdir=/etc/base,upperdir=/persist/up,workdir=/persist/work,x-systemd.requires-mounts-for=/persist 0 0'],
  ['a Raspberry Pi with a read-only boot', 'proc /proc proc defaults 0 0\nPARTUUID=738a-01 /boot/firmware vfat defaults,ro 0 2\nPARTUUID=738a-02 / ext4 defaults,noatime 0 1\noverlay /home/pi/work overlay lowerdir=/opt/image,upperdir=/var/overlay/up,workdir=/var/overlay/work 0 0'],
  ['an order as systemd.mount(5) has it', '/dev/sdb1 /srv/disk ext4 defaults 0 2\noverlay /srv/merged overlay lowerdir=/srv/base,upperdir=/srv/disk/up,workdir=/srv/disk/work,x-systemd.requires=srv-disk.mount 0 0'],
  ['after alone', '/dev/sdb1 /srv/disk ext4 defaults 0 2\noverlay /srv/merged overlay lowerdir=/srv/base,upperdir=/srv/disk/up,workdir=/srv/disk/work,x-systemd.after=/srv/disk 0 0'],
  ['a Docker host', 'UUID=1 / xfs defaults 0 0\nUUID=2 /boot xfs defaults 0 0\nUUID=3 /var/lib/docker xfs defaults,pquota 0 0\n/swapfile none swap sw 0 0\ntmpfs /tmp tmpfs nosuid,nodev 0 0\n'],
  ['a Docker host that merges its templates', 'UUID=1 / xfs defaults 0 0\nUUID=3 /var/lib/docker xfs defaults 0 0\noverlay /srv/templates overlay lowerdir=/etc/site:/usr/share/site,nofail 0 0'],
  ['a USB stick that may be absent', 'UUID=1 / ext4 errors=remount-ro 0 1\nUUID=9 /media/usb ext4 nofail,x-systemd.device-timeout=5 0 2\noverlay /srv/x overlay lowerdir=/srv/base,upperdir=/media/usb/up,workdir=/media/usb/work,nofail,x-systemd.requires-mounts-for=/media/usb 0 0'],
  ['a squashfs in a file', '/srv/base.squashfs /srv/base squashfs loop,ro 0 0\noverlay /srv/m overlay lowerdir=/srv/base,upperdir=/srv/up,workdir=/srv/work,x-systemd.requires-mounts-for=/srv/base 0 0'],
  ['a lower on NFS', 'nas:/roots /net/roots nfs4 ro,_netdev 0 0\noverlay /srv/root overlay lowerdir=/net/roots/a,upperdir=/srv/up,workdir=/srv/work,_netdev,x-systemd.requires-mounts-for=/net/roots 0 0'],
  ['features, flags and a label', 'overlay /m overlay rw,nosuid,nodev,relatime,lowerdir=/a:/b,upperdir=/u,workdir=/w,redirect_dir=on,index=on,metacopy=on,xino=auto,context="system_u:object_r:tmp_t:s0:c1\\134,c2" 0 0', { version: '2.38.1' }],
  ['fuse-overlayfs for a user', 'fuse-overlayfs /home/u/m fuse.fuse-overlayfs lowerdir=/a,upperdir=/home/u/up,workdir=/home/u/work,allow_other,user,noauto 0 0'],
  ['for mount.ovl', 'UUID=2 /data ext4 defaults 0 2\noverlay /m ovl lower=/data/over,lower=/a%2Cb,tmpfs,size=64m,x-systemd.requires-mounts-for=/data 0 0'],
  ['Devuan, by the order of lines', 'UUID=1 / ext4 defaults 0 1\nUUID=2 /data ext4 defaults 0 2\noverlay /m overlay lowerdir=/a,upperdir=/data/up,workdir=/data/work 0 0', { systemd: { known: true, value: false } }],
  ['btrfs, one subvolume for both', 'UUID=5 / btrfs subvol=@ 0 0\nUUID=5 /home btrfs subvol=@home 0 0\noverlay /home/m overlay lowerdir=/usr/share/skel,upperdir=/home/up,workdir=/home/work 0 0'],
  ['a casper live system', 'overlay / overlay rw 0 0\ntmpfs /tmp tmpfs nosuid,nodev 0 0', { rootType: { known: true, value: 'overlay' } }],
]

describe('nothing is wrong', () => {
  test.each(FILES)('%s', (_, text, scene) => expect(codesOf(lint(text, scene)).flat().filter((one) => !one.startsWith('note'))).toEqual([]))
})
