#!/bin/sh
# A line of fstab for what a line of type overlay cannot say: an image as a layer, and changes that are forgotten.
#
# mount(8) runs /sbin/mount.TYPE for a type that the kernel does not know. So that it finds ovl's, once, as root:
#
#     ln -s "$(command -v mount.ovl)" "$(command -v umount.ovl)" /sbin/
#
# From then on fstab, mount(8), umount(8) and systemd know the type `ovl`:
#
#     overlay  /merged  ovl  lower=/over,lower=/base.squashfs,tmpfs,size=64m  0 0
#
# Run as root. All of it happens in a mount namespace of its own, /sbin included: this machine stays as it is.

set -eu
if [ "${1-}" != inside ]; then
  dir=$(mktemp -d)
  trap 'rm -rf "$dir"' EXIT
  unshare --mount --propagation private sh "$0" inside "$dir"
  exit
fi
cd "$2"

# In place of the two links.
bin=$(dirname "$(readlink -f "$(command -v ovl)")")
mkdir sbin
ln -s "$bin/mount.ovl.js" sbin/mount.ovl
ln -s "$bin/umount.ovl.js" sbin/umount.ovl
mount -t overlay overlay -o "lowerdir=$PWD/sbin:$(readlink -f /sbin)" "$(readlink -f /sbin)"
mkdir -p /run/mount /run/ovl
mount -t tmpfs -o mode=755 tmpfs /run/mount
mount -t tmpfs -o mode=700 tmpfs /run/ovl
mounts=$(wc -l < /proc/self/mountinfo)
set -v

mkdir base over merged
echo 'hello from the image' > base/hello
echo 'hello from over' > over/greeting
mksquashfs base base.squashfs -quiet -no-progress
echo "overlay $PWD/merged ovl lower=$PWD/over,lower=$PWD/base.squashfs,tmpfs,size=16m 0 0" > fstab

mount --fstab fstab "$PWD/merged"
cat merged/hello merged/greeting
echo forgotten > merged/new
ovl inspect merged

# Twice is once.
mount --fstab fstab --all --verbose

# What can change live goes to the live mount.
mount -o remount,ro "$PWD/merged"
touch merged/no || :

# Plain umount takes down the image and the tmpfs, too.
umount merged
ls merged
expr $(wc -l < /proc/self/mountinfo) - $mounts || :

# What is wrong with a line is said, at boot in the journal.
echo "overlay $PWD/merged ovl lower=$PWD/over,lower=$PWD/bas.squashfs,tmpfs 0 0" > fstab
mount --fstab fstab "$PWD/merged" || :
