/** One line for each code, naming the path or option that the message names. `{}` stands for it. */

import type { FindingCode } from '../../errors/codes.ts'
import type { Hint } from './patterns/hint.ts'
import { quotable } from './clean.ts'

/** With a name, and without one. */
type Title = readonly [named: string, plain: string]

const TITLES: Readonly<Partial<Record<FindingCode, Title>>> = {
  'lower-missing': ['lower {} does not exist', 'a lower directory does not exist'],
  'upper-missing': ['upper {} does not exist', 'the upper directory does not exist'],
  'work-missing': ['work {} does not exist', 'the work directory does not exist'],
  'target-missing': ['the mount point {} does not exist', 'the mount point does not exist'],
  'path-not-expanded': ['{} was not expanded by any shell', 'a “~”, a variable or quotes reached the kernel as part of a name'],
  'layer-not-directory': ['{} is not a directory', 'a layer is not a directory'],
  'target-not-directory': ['the mount point {} is not a directory', 'the mount point is not a directory'],
  'path-unreadable': ['{} cannot be reached: no search permission on the way', 'a layer cannot be reached: no search permission on the way'],
  'symlink-loop': ['{} leads in a circle of symlinks', 'a path leads in a circle of symlinks'],
  'lower-not-mounted-yet': ['{} was not there yet when the overlay was mounted', 'a layer was not mounted yet when the overlay was'],
  'layers-overlap': ['{} and another layer overlap', 'two layers are the same directory, or one lies inside another'],
  'upper-inside-lower': ['{} lies inside a lower layer', 'upper or work lies inside a lower layer'],
  'work-upper-nested': ['work {} and upper lie inside each other', 'work and upper lie inside each other'],
  'work-other-filesystem': ['work {} is on another file system than upper', 'work and upper are on different file systems'],
  'work-other-mount': ['work {} is on another mount than upper', 'work and upper are on different mounts'],
  'stack-too-deep': ['{} makes the stack of file systems too deep', 'overlays are stacked more than two deep'],
  'upper-in-use': ['upper {} is in use by another overlay', 'upper is in use by another overlay'],
  'work-in-use': ['work {} is in use by another overlay', 'work is in use by another overlay'],
  'lower-in-use': ['lower {} is the upper or work of another overlay', 'a lower is the upper or work of another overlay'],
  'upper-on-overlay': ['upper {} lies on an overlay', 'upper lies on an overlay, as everything inside a container does'],
  'upper-remote': ['upper {} lies on a network or FUSE file system', 'upper lies on a network or FUSE file system'],
  'upper-unsupported': ['the file system of upper {} cannot be an upper', 'the file system of upper cannot be an upper'],
  'upper-read-only': ['upper {} is read-only', 'the file system of upper is read-only'],
  'upper-no-d-type': ['the file system of {} has no d_type', 'the file system of upper has no d_type'],
  'upper-no-xattr': ['{} takes no extended attributes', 'the file system of upper, or this user, takes no extended attributes'],
  'lower-unsupported': ['{} cannot be a layer', 'a file system cannot be a layer'],
  'casefold-mismatch': ['{} ignores case in names, other layers do not', 'some layers ignore case in names and others do not'],
  'lowerdir-required': ['no lower directory was given', 'no lower directory was given'],
  'work-required': ['upper {} was given without a work directory', 'upper was given without a work directory'],
  'single-lower-without-upper': ['one lower {} and no upper', 'one lower and no upper'],
  'option-unknown': ['overlayfs has no option {}', 'an option is none of overlayfs'],
  'option-needs-newer-kernel': ['this kernel does not know {}', 'this kernel does not know one of the options'],
  'option-bad-value': ['{} has a value that overlayfs does not take', 'an option has a value that overlayfs does not take'],
  'option-conflict': ['{} exclude each other', 'two options exclude each other'],
  'option-syntax': ['the options are malformed at {}', 'the options are malformed'],
  'unescaped-colon': ['{} was cut at its colon', 'a colon in a path was taken for a separator'],
  'unescaped-comma': ['{} comes from a path that was cut at its comma', 'a comma in a path was taken for a separator'],
  'options-too-long': ['the options are longer than a page: {} is what was left', 'the options are longer than mount(2) takes'],
  'value-too-long': ['the value of {} is longer than fsconfig(2) takes', 'a value is longer than the 255 bytes of fsconfig(2)'],
  'too-many-layers': ['there are too many layers', 'there are too many layers'],
  'filesystem-type-renamed': ['the type is called “overlay”, no longer “overlayfs”', 'the type is called “overlay”, no longer “overlayfs”'],
  'remount-change-ignored': ['{} cannot change on remount', 'options of an overlay cannot change on remount'],
  'module-missing': ['this kernel has no overlay, or cannot load its module', 'this kernel has no overlay, or cannot load its module'],
  'not-permitted': ['this user may not mount here', 'this user may not mount here'],
  'userns-disabled': ['this system lets ordinary users make no user namespace', 'this system lets ordinary users make no user namespace'],
  'userns-needs-userxattr': ['the mount was made in a user namespace without userxattr', 'the mount was made in a user namespace without userxattr'],
  'userns-option-refused': ['{} is refused inside a user namespace', 'one of the options is refused inside a user namespace'],
  'userns-locked-mounts': ['there are locked mounts below {}', 'there are locked mounts below a layer'],
  'mounter-credentials': ['{} refuses the rights of whoever mounted', 'a layer refuses the rights of whoever mounted the overlay'],
  'lsm-denied': ['a security module refused it', 'a security module refused it'],
  'idmap-unsupported': ['{} cannot be id-mapped', 'an id-mapped layer was refused'],
  'owner-unmapped': ['an owner has no counterpart in the user namespace', 'an owner has no counterpart in the user namespace'],
  'volatile-leftover': ['a volatile overlay with this work directory was not ended cleanly', 'a volatile overlay with this work directory was not ended cleanly'],
  'index-mismatch': ['upper or its index remember other layers than these', 'upper or its index remember other layers than these'],
  'metacopy-mismatch': ['{} holds metadata or a redirect that the present options do not follow', 'a file holds metadata or a redirect that the present options do not follow'],
  'work-dir-unusable': ['{} cannot be made, so the overlay is read-only', 'work/work cannot be made or emptied, so the overlay is read-only'],
  'mounted-read-only': ['the overlay was mounted read-only', 'the overlay was mounted read-only, silently'],
  'feature-dropped': ['the kernel turned a feature off', 'the kernel turned a feature off'],
  'no-space': ['the file system of upper is full', 'the file system of upper is full'],
  'no-inodes': ['the file system of upper has no inodes left', 'the file system of upper has no inodes left'],
  'mount-limit': ['the limit of mounts (fs.mount-max) is reached', 'the limit of mounts (fs.mount-max) is reached'],
  'lower-modified': ['a layer was changed under the live overlay', 'a layer was changed under the live overlay'],
  'umount-busy': ['{} is still in use', 'the mount is still in use'],
  'not-mounted': ['nothing is mounted on {}', 'nothing is mounted there'],
  'rename-exdev': ['a directory of a lower layer cannot be renamed without redirect_dir=on', 'a directory of a lower layer cannot be renamed without redirect_dir=on'],
  'whiteout-copied': ['a whiteout is read as a file', 'a whiteout (the mark of a deletion) is read as a file'],
  'read-only-overlay': ['the overlay has no upper to write to', 'the overlay has no upper to write to'],
  'kernel-bug': ['the kernel failed inside overlayfs', 'the kernel failed inside overlayfs'],
  'image-unreadable': ['{} is no image of a known file system, or damaged', 'an image is of no known file system, or damaged'],
  'live-not-found': ['no live system was found', 'no live system was found on the medium'],
  'live-layer-missing': ['an image of the live system is missing', 'an image of the live system is missing'],
  'tool-missing': ['a program is not installed', 'a program that this needs is not installed'],
  'secondary-error': ['this line follows from an earlier failure', 'this line follows from an earlier failure'],
  'not-overlayfs': ['this is not about overlayfs', 'this is not about overlayfs'],
  unknown: ['nothing in this text tells the cause', 'nothing in this text tells the cause'],
}

/** The title of a hint, with its name quoted and without control characters. */
export function titleOf({ code, path, option, title }: Hint): string {
  if (title !== undefined) return quotable(title)
  const [named, plain] = TITLES[code] ?? [code, code]
  const name = path ?? option
  return name === undefined ? plain : quotable(named.replace('{}', () => `'${quotable(name, 160)}'`))
}
