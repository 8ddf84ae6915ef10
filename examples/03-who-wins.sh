#!/bin/sh
# Which layer a file comes from.
#
# A has a, b and c; B has a and d; the upper C has b and e. As it was written, and right as it stands:
#
#     mount -t overlay overlay -o lowerdir=A:B,upperdir=C,workdir=worker merged
#
# Upper covers all lowers, and of the lowers the leftmost is on top: a from A, b from C, c from A, d from B, e from C.
# Relative paths are the catch: the mount table keeps them as they were typed, and nobody can tell later what they were
# relative to. ovl mounts true paths.

set -eu
dir=$(mktemp -d)
trap 'cd /; ovl umount -q "$dir/merged" 2>/dev/null || :; rm -rf "$dir"' EXIT
cd "$dir"
set -v

mkdir A B C worker merged
for file in A/a A/b A/c B/a B/d C/b C/e; do echo "from ${file%/*}" > "$file"; done

ovl mount -t overlay overlay -o lowerdir=A:B,upperdir=C,workdir=worker merged
cd merged; grep . *; cd ..

# The same order as a picture, with true paths:
ovl inspect merged

ovl umount merged
