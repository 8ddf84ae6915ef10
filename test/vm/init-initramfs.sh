#!/bin/sh
# First stage, run by busybox: finds the disk and hands over to it. Debian's kernel has nothing it takes built in.
# `second_stage=/sbin/init` on the kernel's command line hands over to a whole system in place of init-disk.sh.
export PATH=/usr/lib/busybox
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
modprobe -a virtio_pci virtio_blk ext4
mkdir /disk
mount -t ext4 /dev/vda /disk
for dir in proc sys dev; do mount -o move /$dir /disk/$dir; done
exec switch_root /disk "${second_stage:-/init}"
