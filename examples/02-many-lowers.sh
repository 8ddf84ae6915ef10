#!/bin/sh
# Twenty-five lower directories, as many as an image may have layers.
#
# As it was written:
#
#     mount -t overlay overlay -o lowerdir:/dir1:/dir2:/dir3:...:/dir25,upperdir=... /merged
#
# Two mistakes: a colon where the equals sign belongs, and no workdir. Right:
#
#     ovl mount -l /dir1 -l /dir2 … -l /dir25 -u upper /merged
#
# The first -l is the topmost layer. work need not be said: it is upper.work, beside upper.

set -eu
dir=$(mktemp -d)
trap 'cd /; ovl umount -q "$dir/merged" 2>/dev/null || :; rm -rf "$dir"' EXIT
cd "$dir"
set -v

mkdir upper merged
for i in $(seq 25); do mkdir "dir$i"; echo "dir$i" | tee "dir$i/only_in_$i" > "dir$i/in_all"; done

# As it was written:
ovl mount -t overlay overlay -o lowerdir:dir1:dir2:dir3:dir25,upperdir=upper merged || :

# Right:
ovl mount $(printf ' -l dir%d' $(seq 25)) -u upper merged
ls merged | wc -l
cat merged/in_all
ovl list

ovl umount merged
