#!/bin/sh
# The running system, writable elsewhere: to try things, and to drop them.
#
# As it was written:
#
#     mount -o ro / /mnt/base
#     mount -t tmpfs tmpfs /mnt/upper
#     mount -t overlay overlay -o lowerdir=/mnt/base,upperdir=/mnt/upper,workdir=/mnt/work /mnt/merged
#
# The first mounts no directory: that takes --bind, and a second call to make it read-only. And work lies beside the
# tmpfs, on the disk, while upper lies on it: they must share one mount. Right is one command:
#
#     ovl root --mkdir /mnt/merged
#     ovl umount /mnt/merged          overlay, then tmpfs, then base

set -eu
dir=$(mktemp -d)
trap 'cd /; ovl umount -q "$dir/merged" 2>/dev/null || :; umount "$dir/upper" 2>/dev/null || :; rm -rf "$dir"' EXIT
cd "$dir"
set -v

# The commands as they were written:
mkdir base upper work merged
ovl diagnose -- mount -o ro / "$PWD/base" || :
mount -t tmpfs tmpfs upper
ovl diagnose --no-trial -- mount -t overlay overlay -o "lowerdir=/,upperdir=$PWD/upper,workdir=$PWD/work" "$PWD/merged" || :
umount upper

# What is mounted below / is not part of it, and would be told.
ovl root --quiet merged
ovl list

# Changes stay in it, by whichever way they are made.
echo tried > merged/etc/ovl-tried
ovl live enter merged -- sh -c 'cat /etc/ovl-tried; rm /etc/passwd; ls /etc/passwd || :'
ls /etc/ovl-tried || :
ls /etc/passwd
find "$(ovl inspect --json merged | node -p 'JSON.parse(require("fs").readFileSync(0)).data.upper')" -mindepth 2

# Taken down in order, and with it all that was changed.
ovl umount -v merged
