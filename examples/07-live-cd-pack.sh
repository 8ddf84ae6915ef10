#!/bin/sh
# The changed live CD as a medium again, as a stick, and as a backup.
#
# Wanted: what was changed in the system of a live medium shall be there whenever it boots. What is often done by hand:
#
#     mksquashfs root casper/filesystem.squashfs       added to the old image: mksquashfs appends to what is there
#     cp changed.squashfs medium/casper/               on top only if its name says so, and by other rules for each system
#     genisoimage -b isolinux/isolinux.bin … medium    no EFI, no partition table: starts from a DVD with BIOS only
#     md5sum, filesystem.size, filesystem.manifest     those of the old medium: the check of the medium fails
#
# Right:
#
#     ovl live pack root new.iso              all of it in one image, in the same medium
#     ovl live pack root new.iso --layer      the changes as one more image, on top of the others
#     ovl live pack root stick.img            for dd to a USB stick, if the medium can start from one
#     ovl live pack root backup.tar.zst       a backup with all attributes
#
# usage: 07-live-cd-pack.sh [ISO]    without one, a small medium of the same make

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
  (cd medium && find . -type f ! -name md5sum.txt -exec md5sum {} + > md5sum.txt)
  genisoimage -quiet -R -J -joliet-long -V UBUNTU -o "$iso" medium
fi
set -v

# Changed as in 07-live-cd.sh.
ovl live mount "$iso" --size 64m --mkdir root
echo LANG=zh_CN.UTF-8 > root/etc/default/locale
ln -sf /usr/share/zoneinfo/Asia/Shanghai root/etc/localtime

# What would be done, and by which commands:
ovl live pack root new.iso --layer --dry-run

# The changes as one more layer: a small image, and a boot line that names it.
ovl live pack root new.iso --layer

# All of it as one image.
ovl live pack root whole.iso

# A backup.
ovl live pack root backup.tar.zst
ovl live umount root

# It holds what was changed. Boot it to be sure.
ovl live plan new.iso
ovl live mount new.iso --size 64m --mkdir root
cat root/etc/default/locale
ovl live umount root
