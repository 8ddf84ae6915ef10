/*
 * The floor for mount() + unmount(): the same system calls and nothing else.
 *
 *   mount-loop N TARGET UPPER WORK LOWER...     for each of N iterations a line: nanoseconds to mount, and to unmount
 *
 * By number and with its own constants, so that headers older than the kernel will do. Layers go by
 * descriptor (Linux 6.13) where the kernel takes them so, else by name, as ovl does it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MOVE_MOUNT = 429, FSOPEN = 430, FSCONFIG = 431, FSMOUNT = 432 };
enum { CONFIG_STRING = 1, CONFIG_FD = 5, CONFIG_CREATE = 6, CLOEXEC_BIT = 1, FROM_EMPTY_PATH = 4, TO_SYMLINKS = 0x10, UNMOUNT_NOFOLLOW = 8 };

static int byName;

static long must(long result, const char *what)
{
	if (result >= 0)
		return result;
	perror(what);
	exit(1);
}

static void setLayer(int fs, const char *key, const char *path)
{
	if (!byName) {
		int fd = must(open(path, O_PATH | O_CLOEXEC), path);
		long result = syscall(FSCONFIG, fs, CONFIG_FD, key, NULL, fd);
		close(fd);
		if (result == 0)
			return;
		byName = 1;
	}
	must(syscall(FSCONFIG, fs, CONFIG_STRING, key, path, 0), key);
}

static void mountOnce(const char *target, const char *upper, const char *work, char **lower)
{
	int fs = must(syscall(FSOPEN, "overlay", CLOEXEC_BIT), "fsopen");
	must(syscall(FSCONFIG, fs, CONFIG_STRING, "source", "overlay", 0), "source");
	for (; *lower != NULL; lower++)
		setLayer(fs, "lowerdir+", *lower);
	setLayer(fs, "upperdir", upper);
	setLayer(fs, "workdir", work);
	must(syscall(FSCONFIG, fs, CONFIG_CREATE, NULL, NULL, 0), "create");
	int mount = must(syscall(FSMOUNT, fs, CLOEXEC_BIT, 0), "fsmount");
	must(syscall(MOVE_MOUNT, mount, "", AT_FDCWD, target, FROM_EMPTY_PATH | TO_SYMLINKS), "move_mount");
	close(mount);
	close(fs);
}

static long long now(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * 1000000000LL + at.tv_nsec;
}

int main(int argc, char **argv)
{
	if (argc < 6) {
		fprintf(stderr, "usage: mount-loop N TARGET UPPER WORK LOWER...\n");
		return 2;
	}
	for (int left = atoi(argv[1]); left > 0; left--) {
		long long start = now();
		mountOnce(argv[2], argv[3], argv[4], argv + 5);
		long long mounted = now();
		must(umount2(argv[2], UNMOUNT_NOFOLLOW), "umount2");
		printf("%lld %lld\n", mounted - start, now() - mounted);
	}
	return 0;
}
