#!/bin/sh
# No space left in /overlay.
#
# Wanted: to go on writing when the upper of a live system (or of a router) is full.
# As it was written:
#
#     mount -t overlay overlay -o lowerdir=/custom_fs:/rom,upperdir=/overlay/upper,workdir=/tmp/work /mnt
#
# upper is on the disk and work on a tmpfs: they must share one file system. And /custom_fs was never mounted. What
# the lowers or other disks have free does not matter: all that is written goes to the file system of upper. Right:
#
#     ovl live status TARGET                          how full it is
#     ovl live mount … --size 2g                      a larger tmpfs
#     ovl live mount … --persist DIR                  or a disk in its place
#
# usage: 09-no-space.sh [ISO]    without one, a small medium

set -eu
dir=$(mktemp -d)
trap 'cd /; ovl umount -q "$dir/root" 2>/dev/null || :; rm -rf "$dir"' EXIT
iso=$(realpath "${1:-/dev/null}")
cd "$dir"
if [ $# -eq 0 ]; then
  iso=$dir/live.iso
  mkdir -p tree/etc medium/live
  echo live > tree/etc/hostname
  mksquashfs tree medium/live/filesystem.squashfs -quiet -no-progress
  genisoimage -quiet -R -V LIVE -o "$iso" medium
fi
set -v

# The words as they were written, with a disk and a tmpfs:
mkdir rom upper merged
ovl diagnose --no-trial -t overlay overlay -o "lowerdir=$PWD/custom_fs:$PWD/rom,upperdir=$PWD/upper,workdir=/dev/shm" merged || :

# A live system with very little room for changes.
ovl live mount "$iso" --size 1m --mkdir root
head -c 900k /dev/zero > root/log

# It is told before it is full.
ovl live status root
head -c 900k /dev/zero > root/more || :
rm root/more

# A tmpfs grows where it is; the command stands in the warning above.
rw=$(ovl live status --json root | node -p 'require("path").dirname(JSON.parse(require("fs").readFileSync(0)).data.upper)')
mount -o remount,size=4m "$rw"
head -c 900k /dev/zero > root/more
ovl live umount root

# Or changes go to a disk, in place of memory. live-boot wants to be told what to keep there.
mkdir changes
printf '/ union\n' > changes/persistence.conf
ovl live mount "$iso" --persist changes --mkdir root
head -c 9000k /dev/zero > root/more
ovl live umount root
find changes -name more
