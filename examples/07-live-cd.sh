#!/bin/sh
# The live CD, opened and changed.
#
# Wanted: the system of a live medium as a tree that can be written, with another locale and time zone.
# As it was written:
#
#     mount -o loop ubuntu.iso /mnt/livecd
#     mount -t tmpfs tmpfs /mnt/overlay
#     mount -t squashfs /mnt/livecd/casper/filesystem.squashfs /mnt/overlay
#     mount -t overlay overlay -o lowerdir=/mnt/livecd,upperdir=/mnt/overlay,workdir=/tmp/workdir /mnt/livecd/newroot
#     echo LANG=zh_CN.UTF-8 > etc/default/locale
#
# The squashfs covers the tmpfs, so that upper is read-only; the lower is the medium and not the system in it; work was
# never made, and would be on another file system; newroot is to be inside a read-only ISO; and etc/ is that of nothing.
# Besides, a medium of today has several images, which only together are the system. Right:
#
#     ovl live plan ubuntu.iso                 which images, in which order
#     ovl live mount ubuntu.iso --mkdir root   all of them, writable; changes are lost on umount, or kept with --persist
#
# usage: 07-live-cd.sh [ISO]    without one, a small medium of the same make

set -eu
dir=$(mktemp -d)
trap 'cd /; ovl umount -q "$dir/root" 2>/dev/null || :; rm -rf "$dir"' EXIT
iso=$(realpath "${1:-/dev/null}")
cd "$dir"
if [ $# -eq 0 ]; then
  iso=$dir/ubuntu.iso
  for layer in minimal minimal.standard minimal.standard.live; do
    mkdir -p "$layer/etc/default" medium/casper medium/boot/grub
    echo "$layer" > "$layer/etc/edition"
    echo LANG=C > "$layer/etc/default/locale"
    mksquashfs "$layer" "medium/casper/$layer.squashfs" -quiet -no-progress
  done
  echo 'menuentry "Try" { linux /casper/vmlinuz layerfs-path=minimal.standard.live.squashfs }' > medium/boot/grub/grub.cfg
  genisoimage -quiet -R -J -joliet-long -V UBUNTU -o "$iso" medium
fi
set -v

# The overlay as it was written. ovl says what is wrong with it:
mkdir overlay
ovl diagnose --no-trial -t overlay overlay -o "lowerdir=$dir,upperdir=$dir/overlay,workdir=$dir/workdir" "$dir/newroot" || :

# What the live system itself would stack:
ovl live plan "$iso"

# All of it, as a tree. The images are read where they lie in the ISO; nothing is unpacked.
ovl live mount -v "$iso" --size 64m --mkdir root

# Locale and time zone.
echo LANG=zh_CN.UTF-8 > root/etc/default/locale
echo Asia/Shanghai > root/etc/timezone
ln -sf /usr/share/zoneinfo/Asia/Shanghai root/etc/localtime
ovl live status root
ovl live umount root

# The same, kept on a disk from which the live system boots with them (casper: the word `persistent`).
ovl live mount "$iso" --persist writable.img --size 64m --mkdir root
echo Asia/Shanghai > root/etc/timezone
ovl live umount root
ovl live mount "$iso" --persist writable.img --mkdir root
cat root/etc/timezone

# A backup of all of it.
tar --create --file backup.tar --xattrs --one-file-system --directory root .
tar --list --file backup.tar | grep etc/timezone

ovl live umount root
