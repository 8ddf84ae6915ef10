#!/bin/sh
# First stage, run by busybox: finds the disk and hands over to it. Debian's kernel has nothing it takes built in.
export PATH=/usr/lib/busybox
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
modprobe -a virtio_pci virtio_blk ext4
mkdir /disk
mount -t ext4 /dev/vda /disk
for dir in proc sys dev; do mount -o move /$dir /disk/$dir; done
exec switch_root /disk /init
