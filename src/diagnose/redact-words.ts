/**
 * The words that may stay in a case without names: those of ovl, of overlayfs and of every Linux system. What is not
 * here was said by a user, and goes. Most of it comes from the tables that there are anyway.
 */

import { CATALOGUE } from '../errors/catalogue.ts'
import { FINDING_CODES } from '../errors/codes.ts'
import { errnoName, errnoWords } from '../errors/errno.ts'
import { OPTION_TABLE } from '../overlay/options.ts'
import type { OptionRow } from '../overlay/options.ts'
import { MOUNT_FLAGS, PROPAGATIONS } from '../overlay/spec.ts'
import { KERNEL_SENTENCES } from './kernel-sentences.ts'

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')

/** Names of directories that every system has; in a path nothing else stays. */
export const COMMON: ReadonlySet<string> = new Set(words(`
  bin boot dev etc home lib lib64 media mnt opt proc root run sbin srv sys tmp usr var cache local share log
  docker overlay2 overlay containerd containers storage snapshots diff merged work index incompat volatile fs l cdrom casper live rw
  lower upper lowerdir upperdir workdir self fd io.containerd.snapshotter.v1.overlayfs . ..`))

const OPTIONS: readonly OptionRow[] = OPTION_TABLE

/** What a word of an option, a flag, a type or another field of few values may be. */
export const FIELD_WORDS: ReadonlySet<string> = new Set([
  ...COMMON, ...OPTIONS.flatMap(({ name, values = [] }) => [name, ...values]), ...MOUNT_FLAGS, ...PROPAGATIONS, ...FINDING_CODES,
  ...Array.from({ length: 134 }, (_, number) => errnoName(number)),
  ...words(`
    none datadir lowerdir+ datadir+ noindex nometacopy nouserxattr master propagate_from bind rbind remount suid exec async atime norelatime defaults auto noauto nofail user nouser users owner loop
    context fscontext defcontext rootcontext comment x-mount.idmap x-mount.mkdir x-systemd.requires x-systemd.after x-systemd.automount x-gvfs-hide _netdev private
    overlayfs ext2 ext3 ext4 xfs btrfs tmpfs ramfs squashfs erofs iso9660 udf cramfs romfs proc sysfs devtmpfs devpts hugetlbfs mqueue cgroup cgroup2 autofs fuse fuseblk fuse-overlayfs sshfs
    nfs nfs4 cifs smb3 smbfs 9p ceph afs coda virtiofs vboxsf vmhgfs prl_fs lustre gfs gfs2 ocfs2 beegfs orangefs glusterfs panfs gpfs f2fs jfs reiserfs nilfs2 bcachefs zfs aufs unionfs ecryptfs
    vfat msdos exfat hfs hfsplus affs adfs ntfs ntfs3 bpf debugfs tracefs securityfs selinuxfs pstore configfs efivarfs binfmt_misc nsfs rootfs lxcfs
    containers-storage buildkit systemd live-system ovl unknown live-boot overlayroot dracut
    stat statfs mountinfo kernel-log fs-context message probe sysfs file error warning note certain likely possible
    data target directory block char symlink fifo socket works absolute relative proc-fd
    generic amd64 arm64 cloud rt aws azure gcp lowlatency lts default server microsoft standard wsl2 el8 el9 fc x86_64 aarch64 deb12u1
    capability lockdown yama apparmor selinux smack tomoyo landlock loadpin safesetid integrity ima evm ipe y n m on off
    redirect_max redirect_always_follow xino_auto check_copy_up override_creds config_overlay_fs config_user_ns
    user.max_user_namespaces kernel.unprivileged_userns_clone kernel.apparmor_restrict_unprivileged_userns`),
].map((word) => word.toLowerCase()))

/** Words of our sentences, of the kernel's, and of the commands that are offered. */
export const TEXT_WORDS: ReadonlySet<string> = new Set([
  ...FIELD_WORDS,
  ...[...Object.values(CATALOGUE).map(({ explanation }) => explanation), ...KERNEL_SENTENCES.map(({ words: { source } }) => source.replaceAll(/\(\?<\w+>/g, ' ').replaceAll(/\\[dswbn]/g, ' ')), ...Array.from({ length: 134 }, (_, number) => errnoWords(errnoName(number)))]
    .flatMap((text) => text.toLowerCase().match(/[a-z0-9_]+/g) ?? []),
  ...words(`
    mount mount-overlay verify look umount mkdir rmdir touch stat lstat open openat2 read write fsopen fsconfig fsmount fspick move_mount mount_setattr open_tree umount2 unshare setns ioctl execve statmount
    cmd_create cmd_reconfigure set_fd set_flag set_string scandir access realpath chmod chown rename link unlink readlink getxattr setxattr lgetxattr lsetxattr llistxattr
    ovl overlay mounting mounted tried trial made refused failed works beside stood fresh private namespace directory directories tmpfs nothing written there because could cannot
    kernel log readable unreadable permitted permission denied known sudo rm ls la mv cp findmnt losetup mkfs rmmod modprobe options diagnose doctor via auto mount8 mount2 fuse
    said looked shown seen asked nobody somebody else others left out whether what lies who uses defaults module process may registered cleanly unmounted image`),
].map((word) => word.toLowerCase()))

/** Texts that stay as they are. */
export const OWN_TEXTS: ReadonlySet<string> = new Set(Object.values(CATALOGUE).flatMap(({ explanation, docs }) => [explanation, docs]))

/** Properties that a case has. */
export const PROPERTIES: ReadonlySet<string> = new Set(words(`
  version facts faults trial cwd spec paths joined work overlays holders system upperProbe mounted known value why tried leftOut refused inUserNamespace
  role index path absolute errno made image imageState clean fact culprit via link to culpritFsType kind device inode uid mode ancestry place superblock mountId mountPoint fsType mountReadOnly superReadOnly
  mountFlags unbindable stackDepth mountsBelow free bytes inodes totalInodes userXattrs parts separator target elsewhere namespace pid program dType trustedXattr userXattr tmpfile renameWhiteout incompat indexJunk
  step syscall form context kernel kernelRelease pageSize overlayRegistered moduleParameters capSysAdmin mayMount mountMax mountCount securityModules userNamespaceLimits modulesInstalled kernelConfig
  id parentId source type lower data upper unresolved deleted options flags readOnly propagation maker name idmap bind workDerived tmpfs size unknown key label mkdir userspace
  code message hint findings severity title explanation evidence fix text command confidence docs`))
