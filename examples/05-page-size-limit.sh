#!/bin/sh
# More layers than fit into the options of mount(2).
#
# The kernel takes one page of options, 4095 bytes, and cuts what is longer without a word: the mount fails with names
# nobody gave it, or mounts the wrong directory. So Docker's driver measures first. Beyond a page it names the layers
# relative to its own directory, measures again, mounts from there, and when that is too long, too, it says
# "cannot mount layer, mount label too large N".
#
#     mount -t overlay overlay -o lowerdir=/a/very/long/path/001:…:/a/very/long/path/060,… merged
#     mount: merged: special device overlay does not exist.                        (the cut name)
#
# ovl does what the driver does, where it must. On newer kernels it need not: the new mount API takes one layer a call.
#
#     ovl mount -l … merged
#     ovl options -l … --for mount2 --explain         how long, and what shortening did

set -eu
dir=$(mktemp -d)
trap 'cd /; ovl umount -q "$dir/merged" 2>/dev/null || :; rm -rf "$dir"' EXIT
cd "$dir"
set -v

mkdir upper merged
for i in $(seq -w 60); do mkdir -p "home/of/the/layers/of/a/container/runtime/$i/a-name-as-runtimes-like-them"; done
for layer in home/of/the/layers/of/a/container/runtime/*/*; do echo "$layer" > "$layer/in_all"; done

# The options as mount(8) would send them: cut at 4095 bytes, in the middle of a name.
mount -t overlay overlay -o "lowerdir=$(echo home/of/the/layers/of/a/container/runtime/*/* | tr ' ' :),upperdir=upper,workdir=work" merged || :

# How long is it, and what would Docker's way make of it?
ovl options --for mount2 --explain $(printf ' -l %s' home/of/the/layers/of/a/container/runtime/*/*) -u upper | tail -n 5

# By that way:
ovl mount -v --via mount2 $(printf ' -l %s' home/of/the/layers/of/a/container/runtime/*/*) -u upper merged
cat merged/in_all
ovl umount merged

# By the best way there is:
ovl mount -v $(printf ' -l %s' home/of/the/layers/of/a/container/runtime/*/*) -u upper merged
cat merged/in_all
ovl umount merged

# A mount label counts, too. What does not fit in any form is refused before the kernel can cut it.
ovl mount --via mount2 --label "$(printf 'x%.0s' $(seq 4000))" $(printf ' -l %s' home/of/the/layers/of/a/container/runtime/*/*) -u upper merged || :

# A bind mount that should be read-only stays writable when both are asked for in one mount(2), so the driver remounts
# it. An overlay has no such trap:
ovl mount -r -l home -u upper merged
touch merged/file || :
ovl umount merged
