/** What is known of file systems by their name in the mount table. Features are not guessed from names where the kernel can be asked. */

/** Network and FUSE file systems: the kernel calls them remote, and takes one as upper only if it has every feature. */
export const REMOTE: RegExp = /^(nfs4?|cifs|smb3|smbfs|9p|ceph|afs|coda|fuse(\..+)?|fuseblk|virtiofs|vboxsf|vmhgfs|prl_fs|lustre|gfs2?|ocfs2|beegfs|orangefs|glusterfs|panfs|gpfs)$/

/** Those whose server or daemon may refuse even root. */
export const NOBODY_ELSES: RegExp = /^(nfs4?|fuse(\..+)?|fuseblk|cifs|smb3)$/

/** Names there are compared otherwise than byte by byte, or made by looking: no layer at all. */
export const ODD_NAMES: RegExp = /^(vfat|msdos|exfat|hfs|hfsplus|affs|adfs|autofs|ntfs)$/

/** Looked up like remote ones, or without whiteouts: refused as upper by the kernels that most people have. */
export const NO_UPPER: RegExp = /^(ecryptfs|zfs|aufs|unionfs)$/
