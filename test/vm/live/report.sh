# Runs in the booted system as a service: waits until the boot has come to rest, says over ttyS1 what it came to, and turns
# the power off. Each answer stands under its name.

exec >/dev/ttyS1 2>&1
stty raw </dev/ttyS1
export LANG="$(. /etc/default/locale; echo "$LANG")"

say() {
	printf '\n@%s\n' "$1"
	shift
	"$@"
}

say state systemctl is-system-running --wait
say failed systemctl list-units --failed --plain --no-legend
say uptime cat /proc/uptime
say cmdline cat /proc/cmdline
say root findmnt -J -o TARGET,SOURCE,FSTYPE,OPTIONS /
say mounts findmnt -J -l -o TARGET,SOURCE,FSTYPE,OPTIONS
say fstab cat /etc/fstab
say locale cat /etc/default/locale
say charmap locale charmap
say month date -d 2000-01-01 +%B
say timezone cat /etc/timezone
say localtime readlink /etc/localtime
say offset date +%z
say package dpkg-query -W -f '${Status} ${Version}' greet
say greeting cat /usr/share/greet/greeting
say started cat /var/lib/greet/started
say boot cat /proc/sys/kernel/random/boot_id
say written cat /var/lib/written
cp /proc/sys/kernel/random/boot_id /var/lib/written
sync
say end
systemctl --no-block poweroff
