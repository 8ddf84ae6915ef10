#!/bin/sh
# What is wrong with the overlay lines one has, before the machine boots with them.
#
# findmnt --verify never looks at lowerdir, upperdir and workdir. `ovl fstab --lint` judges every overlay line of
# /etc/fstab, of another file (--lint=FILE), or of an image that is mounted somewhere (--root DIR). It changes nothing.
# 32 is its answer when a line has an error, 0 when there are warnings at most.

set -eu
dir=$(mktemp -d)
trap 'cd /; rm -rf "$dir"' EXIT
cd "$dir"
set -v

# The tree of a machine that is to boot: two disks, the second may be absent, and a tmpfs for what is forgotten.
mkdir -p image/etc image/usr/lib/systemd image/disk1 image/disk2 image/merged image/base
touch image/usr/lib/systemd/systemd
cat > image/etc/fstab <<'FSTAB'
UUID=0a1b / ext4 defaults 0 1
UUID=2c3d /disk1 ext4 defaults 0 2
UUID=4e5f /disk2 ext4 nofail 0 2
none /mnt/overlay tmpfs defaults 0 0
overlay / overlay defaults 0 0
FSTAB

# No lowerdir, no upper, no order, and over the root.
ovl fstab --lint --root image || echo "answer: $?"

# With layers, but tried before the disks are up, with a comma that systemd does not understand, and work on another disk.
sed -i '4,$d' image/etc/fstab
cat >> image/etc/fstab <<'FSTAB'
overlay /merged overlay lowerdir=/disk1/this\054that:/base,upperdir=/disk2/changes,workdir=/disk1/work 0 0
FSTAB
ovl fstab --lint --root image || echo "answer: $?"

# The corrected line in its place.
line=$(ovl fstab --lint --root image --json | sed 's/.*"corrected":{"line":"\([^"]*\)".*/\1/; s/\\\\/\\/g')
sed -i '4d' image/etc/fstab
printf '%s\n' "$line" >> image/etc/fstab
tail -n 1 image/etc/fstab
ovl fstab --lint --root image

# The same rules hold for what ovl writes: what would not be mounted is not written.
ovl fstab -l image/base -u changes merged --write=fstab || echo "answer: $?"
