#!/bin/sh
# Second stage, pid 1 on the disk: runs every test file and powers off. Lines that begin with @ are for run.mjs.
# The busybox applets come last, behind util-linux.
export PATH=/usr/bin:/usr/sbin:/usr/lib/busybox HOME=/root TERM=dumb
mkdir -p /dev/shm /dev/pts
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /dev/shm
mount -t devpts devpts /dev/pts
ln -s /proc/self/fd /dev/fd
# systemd makes every mount shared; the guest should look as a Debian machine does.
mount --make-rshared /
# systemd makes their device nodes before they are loaded (kmod-static-nodes); without, losetup finds no /dev/loop-control.
modprobe -a loop fuse
cd /ovl/test/vm/guest || exit
read -r up _ < /proc/uptime
# The firmware leaves escape codes and no newline.
printf '\n@boot %s\n' "$up"
# One file at a time: tests look at the kernel log and at mountinfo, and those are everyone's.
# The time limit is that of a file.
node --test --test-concurrency=1 --test-timeout=300000 --test-reporter=./reporter.mjs --test-reporter-destination=stdout *.test.mjs
printf '\n@end %s\n' $?
# Pid 1 must not return: that is a panic.
poweroff -f
