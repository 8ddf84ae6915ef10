#!/bin/sh
# An overlay at boot: its line in fstab.
#
# Wanted: layers on two disks, merged at every boot. As it was written, after the lines of the disks:
#
#     none    /mnt/overlay tmpfs   defaults 0 0
#     overlay /            overlay defaults 0 0
#
# There is no lowerdir, no upperdir and no workdir in it, and nothing says that the disks come first: systemd
# derives no order from the layers of an overlay. Right is what this prints, with the order in it:
#
#     ovl fstab -l /disk1/base -u /disk2/changes /merged

set -eu
dir=$(mktemp -d)
trap 'cd /; umount -q "$dir/merged" "$dir/disk1" "$dir/disk2" 2>/dev/null || :; umount -q "$dir/disk2" 2>/dev/null || :; rm -rf "$dir"' EXIT
cd "$dir"
set -v

# Two disks, for now without hardware.
mkdir disk1 disk2 merged
mount -t tmpfs disk1 disk1
mount -t tmpfs disk2 disk2
mkdir disk1/base 'disk1/this, that' disk2/changes disk2/changes.work
echo 'from base' > disk1/base/file
printf 'disk1 %s tmpfs defaults 0 0\ndisk2 %s tmpfs nofail 0 0\n' "$PWD/disk1" "$PWD/disk2" > fstab

# The line. Each word that was added says why: the second disk may be absent, so the overlay may be, too.
ovl fstab -v -l disk1/base -l 'disk1/this, that' -u disk2/changes merged --write=fstab --dry-run

# Into the file, with a comment. /etc/fstab is the file when none is named.
ovl fstab -l disk1/base -l 'disk1/this, that' -u disk2/changes merged --comment --write=fstab
cat fstab

# Nobody complains about it, and mount(8) mounts it: the comma in the name was no separator.
findmnt --verify --tab-file fstab || :
mount --fstab "$PWD/fstab" "$PWD/merged"
ls merged
ovl list
ovl umount merged

# What no line can carry is refused, with a way out.
mkdir 'back\slash'
ovl fstab -l disk1/base -l 'back\slash' merged || :

# Out again. The file as it was is kept beside it each time.
ovl fstab --remove merged --write=fstab
ls
