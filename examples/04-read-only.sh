#!/bin/sh
# A merge that nobody can write to, and what such a mount needs.
#
# As it was written:
#
#     mount -t overlay overlay -o lowerdir=/lower /merged                 one lower and no upper: refused
#     mount -t overlay overlay -o lowerdir=/lower,upperdir=/upper,workdir=/dev/shm/work /merged
#                                                                         work on another file system: refused
#
# Two lowers make a read-only merge. Upper and work must lie on one file system; lowers may be anywhere. Right:
#
#     ovl mount -l one -l two merged
#     ovl mount -l one -u upper merged

set -eu
dir=$(mktemp -d)
trap 'cd /; ovl umount -q "$dir/merged" 2>/dev/null || :; umount "$dir/elsewhere" 2>/dev/null || :; rm -rf "$dir"' EXIT
cd "$dir"
set -v

mkdir one two upper merged elsewhere
echo one > one/a
echo two > two/b

ovl mount -t overlay overlay -o lowerdir=one merged || :

# Two lowers, no upper: read-only.
ovl mount -l one -l two merged
ls merged
touch merged/c || :
ovl umount merged

# work on another file system than upper:
mount -t tmpfs tmpfs elsewhere
mkdir elsewhere/work
ovl mount -t overlay overlay -o lowerdir=one,upperdir=upper,workdir=elsewhere/work merged || :

# A lower may well be there.
mkdir elsewhere/three
echo three > elsewhere/three/c
ovl mount -l one -l elsewhere/three -u upper merged
ls merged

# Layers stay open behind the mount: inspect says so in its notes.
echo 'behind its back' > one/a
cat merged/a
ovl inspect merged

ovl umount merged
