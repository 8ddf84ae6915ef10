#!/bin/sh
# An overlay at boot: a systemd unit for it.
#
# Wanted: an overlay that systemd mounts, and on first use rather than at boot. A mount unit must have the name of
# its mount point, escaped, and must say which mounts its layers lie on. As it was written:
#
#     # /etc/systemd/system/merged.mount          the mount point was /srv/my-app/merged
#     Options=lowerdir=/srv/a b:/srv/50%,…        % means something else in a unit
#
# Right:
#
#     ovl unit -l '/srv/a b' -l '/srv/50%' /srv/my-app/merged --write

set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
set -v

mkdir -p 'a b' '50%' 'back\slash' my-app/merged units

# The unit, under the name it must have.
ovl unit -l 'a b' -l '50%' my-app/merged

# With a second one that mounts it when somebody looks there. It carries names that no fstab line can.
ovl unit -l 'a b' -l 'back\slash' my-app/merged --automount --nofail --write=units
ls units

# The name is the one of systemd-escape, and systemd finds no fault.
test -e "units/$(systemd-escape --path --suffix=mount "$PWD/my-app/merged")"
systemd-analyze verify --man=no units/*.automount units/*.mount

# What it cannot say is refused.
ovl unit -l 'a b' --tmpfs my-app/merged || :
