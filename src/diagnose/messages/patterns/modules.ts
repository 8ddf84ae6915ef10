/** The kernel and its modules, its bugs; images and live media. */

import { hinted, told } from './hint.ts'
import type { Phrase } from './hint.ts'

export const MODULES: readonly Phrase[] = [
  told(/modprobe: [^\n]{0,120}overlay[^\n]{0,200}|module overlay(?:fs)? not found|could not insert '?overlay|overlay: (?:unknown symbol|disagrees about version|version magic|loading out-of-tree)|failed to (?:load|find|insert) (?:kernel )?module '?overlay|CONFIG_OVERLAY_FS/i, 'module-missing'),
  told(/requires? (?:an? )?(?:newer |linux )?kernel(?: version)? ?(?:>=? ?)?\d|kernel (?:version )?\S{0,20} ?(?:is )?too old|needs? an? newer kernel/i, 'option-needs-newer-kernel', 'module-missing'),
  told(/RIP: [^\n]{0,40}\bovl_\w{1,60}|kernel BUG at fs\/overlayfs|WARNING: [^\n]{0,80}(?:fs\/overlayfs|\bovl_)|\bovl_\w{1,60}\+0x[0-9a-f]{1,8}\/0x|KASAN: [^\n]{0,60}ovl_|pc : ovl_\w{1,60}/, 'kernel-bug'),
  hinted(/BUG: (?:kernel NULL pointer|unable to handle|soft lockup)|general protection fault|Oops: |INFO: task \S{1,60} blocked for more/, 'kernel-bug', 'unknown'),
  told(/unable to find (?:a )?(?:live|medium)|medium containing a live|could not find (?:the )?(?:live|root(?:fs)? image)|can(?:no|')t find (?:a )?live|no live (?:system|medium)/i, 'live-not-found'),
  told(/\.squashfs[^\n]{0,80}(?:no such file|not found|missing|does not exist)|(?:no such file|not found|missing|cannot find)[^\n]{0,120}\.squashfs/i, 'live-layer-missing', 'image-unreadable'),
  told(/SQUASHFS error|squashfs: (?:unable|can't)|failed to read (?:squashfs|erofs)|EXT4-fs \([^)\n]{1,40}\): (?:VFS: )?can't find|XFS \([^)\n]{1,40}\): Invalid superblock/i, 'image-unreadable'),
]
