#!/bin/sh
# Writes fixtures/*.mountinfo of what is no container store. Two programs are here and are run: systemd-sysext and
# fuse-overlayfs. The other systems cannot be booted here: their overlay is mounted with the very words of their own scripts
# (README names each), in an empty root, and the kernel's line is read from where the system would read it.
# Run as root: unshare --mount --propagation private sh capture-systems.sh. It needs a static busybox.
set -eu
[ "$(readlink /proc/self/ns/mnt)" != "$(readlink "/proc/$PPID/ns/mnt")" ] || { echo 'run it with unshare --mount --propagation private' >&2; exit 1; }
fixtures=$(cd "$(dirname "$0")" && pwd)/fixtures

# capture NAME ROOT LOWER MOUNTS: runs MOUNTS in a fresh tmpfs root, then reads mountinfo with ROOT as /.
capture() {
  space=$(mktemp -d)
  mount -t tmpfs tmpfs "$space"
  mkdir -p "$space/bin" "$space/$3/bin" "$space/$3/proc" "$space/$2"
  cp /bin/busybox "$space/bin/"; cp /bin/busybox "$space/$3/bin/"
  chroot "$space" /bin/busybox sh -euc "mount() { /bin/busybox mount \"\$@\"; }; mkdir() { /bin/busybox mkdir \"\$@\"; }; $4"
  chroot "$space/$2" /bin/busybox sh -euc '/bin/busybox mount -t proc proc /proc; /bin/busybox cat /proc/self/mountinfo' |
    grep ' - overlay ' > "$fixtures/$1.mountinfo"
  umount -R "$space"
  rmdir "$space"
}

tmpfs_cow='mkdir -p /cow; mount -t tmpfs -o rw,noatime,mode=755 tmpfs /cow; mkdir -p /cow/upper /cow/work'
capture casper root /filesystem.squashfs "$tmpfs_cow
  mount -t overlay -o upperdir=/cow/upper,lowerdir=//filesystem.squashfs,workdir=/cow/work /cow /root"
capture casper-layered root /minimal.squashfs "$tmpfs_cow; mkdir -p /minimal.standard.squashfs /minimal.standard.live.squashfs
  mount -t overlay -o upperdir=/cow/upper,lowerdir=/minimal.standard.live.squashfs:/minimal.standard.squashfs:/minimal.squashfs,workdir=/cow/work /cow /root"
capture live-boot root /run/live/rootfs/filesystem.squashfs 'mkdir -p /run/live/overlay
  mount -t tmpfs -o rw,noatime,mode=755 tmpfs /run/live/overlay; mkdir -p /run/live/overlay/rw /run/live/overlay/work
  mount -t overlay -o noatime,lowerdir=/run/live/rootfs/filesystem.squashfs/,upperdir=/run/live/overlay/rw,workdir=/run/live/overlay/work,redirect_dir=on overlay /root'
capture overlayroot root /media/root-ro 'mkdir -p /media/root-rw; mount -t tmpfs tmpfs-root /media/root-rw
  mkdir -p /media/root-rw/overlay /media/root-rw/overlay-workdir/_
  mount -t overlay -o lowerdir=/media/root-ro,upperdir=/media/root-rw/overlay,workdir=/media/root-rw/overlay-workdir/_ overlayroot /root'
capture dracut-live sysroot /run/rootfsbase 'mkdir -p /run/overlayfs /run/ovlwork
  mount -t overlay LiveOS_rootfs -o lowerdir=/run/rootfsbase,upperdir=/run/overlayfs,workdir=/run/ovlwork /sysroot'
# These two put the overlay on top of its own lower, and then take the tmpfs of the upper away from sight.
capture systemd-volatile sysroot /sysroot 'mkdir -p /run/systemd/overlay-sysroot; mount -t tmpfs tmpfs /run/systemd/overlay-sysroot
  mkdir /run/systemd/overlay-sysroot/upper /run/systemd/overlay-sysroot/work
  mount -t overlay overlay -o lowerdir=/sysroot,upperdir=/run/systemd/overlay-sysroot/upper,workdir=/run/systemd/overlay-sysroot/work /sysroot
  /bin/busybox umount /run/systemd/overlay-sysroot'
capture nspawn-volatile var/lib/machines/sample /var/lib/machines/sample 'mkdir -p /tmp/nspawn-volatile-aB3xYz
  mount -t tmpfs tmpfs /tmp/nspawn-volatile-aB3xYz; mkdir /tmp/nspawn-volatile-aB3xYz/upper /tmp/nspawn-volatile-aB3xYz/work
  mount -t overlay overlay -o lowerdir=/var/lib/machines/sample,upperdir=/tmp/nspawn-volatile-aB3xYz/upper,workdir=/tmp/nspawn-volatile-aB3xYz/work /var/lib/machines/sample
  /bin/busybox umount /tmp/nspawn-volatile-aB3xYz'

# systemd-sysext builds the overlay in a namespace of its own and counts on propagation to show it: / must be shared, with
# nobody but this copy of the namespace. It keeps its lock and its workplace below /run.
unshare --mount --propagation private sh -euc '
  mount --make-rshared /; mount -t tmpfs tmpfs /run; mkdir /run/systemd; root=$(mktemp -d); mount -t tmpfs tmpfs "$root"
  mkdir -p "$root/usr/lib" "$root/usr/bin" "$root/opt"; printf "ID=sample\nVERSION_ID=1\n" > "$root/usr/lib/os-release"
  for name in extra tools; do
    release=$root/var/lib/extensions/$name/usr/lib/extension-release.d
    mkdir -p "$release"; cp "$root/usr/lib/os-release" "$release/extension-release.$name"
  done
  systemd-sysext --root="$root" merge >&2
  grep " - overlay " /proc/self/mountinfo | sed "s|$root||g" > "$1/sysext.mountinfo"
  systemd-sysext --root="$root" unmerge >&2; umount "$root"; rmdir "$root"' sh "$fixtures"

space=$(mktemp -d)
mkdir "$space/lower" "$space/upper" "$space/work" "$space/merged"
fuse-overlayfs -o "lowerdir=$space/lower,upperdir=$space/upper,workdir=$space/work" "$space/merged"
grep ' - fuse.fuse-overlayfs ' /proc/self/mountinfo | sed "s|$space|/store|g" > "$fixtures/fuse-overlayfs.mountinfo"
umount "$space/merged"
rmdir "$space/merged" "$space/upper" "$space/work/work" "$space/work" "$space/lower" "$space"
