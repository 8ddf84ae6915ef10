#!/bin/sh
# The layers of a container.
#
# Wanted: to read the line that `mount | grep ID` prints for a container, with its six lowers, and to know which of
# those directories is what:
#
#     overlay on /run/containerd/io.containerd.runtime.v2.task/default/ID/rootfs type overlay (rw,relatime,
#     lowerdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/823/fs:…,
#     upperdir=…/snapshots/824/fs,workdir=…/snapshots/824/work)
#
# Right:
#
#     ovl list                                   every overlay, and who made it
#     ovl inspect ROOTFS                         its layers by name
#     ovl mount -l LAYER -l LAYER … --tmpfs DIR  the image once more, without the container

set -eu
if [ $# -ne 1 ]; then
  cat >&2 <<'USAGE'
usage: 06-container-store.sh DIRECTORY

DIRECTORY is the store of a runtime that has a container mounted, such as /var/lib/docker, /var/lib/containerd or
/var/lib/containers/storage; reading it needs root. Where there is none, buildah makes one offline, as root:

  store=/tmp/ovl-store; mkdir -p $store/files; date > $store/files/one
  buildah() { command buildah --root $store/root --runroot $store/run --storage-driver overlay "$@"; }
  from=$(buildah from scratch); buildah copy $from $store/files /; buildah commit $from first
  from=$(buildah from --pull-never first); buildah copy $from $store/files /second; buildah commit $from second
  buildah mount $(buildah from --pull-never second)
  sh examples/06-container-store.sh $store
  buildah umount --all; umount $store/root/overlay 2>/dev/null; rm -r $store
USAGE
  exit 1
fi

store=$(realpath "$1")
target=$(ovl list --json | node -e '
  const { data } = JSON.parse(require("fs").readFileSync(0))
  const inside = (path) => path !== undefined && path.startsWith(`${process.argv[1]}/`)
  console.log(data.find(({ upper }) => inside(upper))?.target ?? "")
' "$store")
if [ -z "$target" ]; then
  echo "no container of $store is mounted here; see: ovl list --all-namespaces" >&2
  exit 1
fi
dir=$(mktemp -d)
trap 'ovl umount -q "$dir/again" 2>/dev/null || :; rm -rf "$dir"' EXIT
mkdir "$dir/again"
set -v

ovl list
ovl inspect "$target"

# Its lowers once more, under a tmpfs: the image without what the container did.
set --
for layer in $(ovl inspect --json "$target" | node -p 'JSON.parse(require("fs").readFileSync(0)).data.lower.join("\n")'); do set -- "$@" -l "$layer"; done
ovl mount -v "$@" --tmpfs "$dir/again"
ls "$dir/again"

ovl umount "$dir/again"
