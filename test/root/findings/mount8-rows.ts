/** Failures of mount(8) and umount(8) beside those of rows.ts, as command lines: what only a string can say wrongly, conflicts of options, user namespaces, remounts, umount(8). */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import type { FindingCode } from '../../../src/errors/codes.ts'
import { sh } from './rows.ts'

export interface CommandRow {
  readonly name: string
  readonly code: FindingCode
  /** Prepares a directory that holds l1, l2, u, w and m, and is the working directory of the command it returns. */
  readonly command: (dir: string) => readonly string[]
  /** With these rights. */
  readonly enter?: readonly string[]
}

const overlay = (options: string, target = 'm'): string[] => ['mount', '-t', 'overlay', 'overlay', '-o', options, target]
const UPPER = 'upperdir=u,workdir=w'
const said = (name: string, code: FindingCode, options: string): CommandRow => ({ name, code, command: () => overlay(options) })

const SYNTAX: readonly CommandRow[] = [
  said('an empty lowerdir', 'lowerdir-required', `lowerdir=,${UPPER}`),
  said('lowerdir without a value', 'option-bad-value', `lowerdir,${UPPER}`),
  said('an empty upperdir', 'option-bad-value', 'lowerdir=l1,upperdir=,workdir=w'),
  said('a colon at the end', 'option-syntax', `lowerdir=l1:,${UPPER}`),
  said('a colon at the beginning', 'option-syntax', `lowerdir=:l1,${UPPER}`),
  said('three colons', 'option-syntax', `lowerdir=l1:::l2,${UPPER}`),
  said('a lower below data-only layers', 'option-syntax', `lowerdir=l1::l2:u,workdir=w`),
  said('lowerdir+ after lowerdir', 'option-syntax', `lowerdir=l1,lowerdir+=l2,${UPPER}`),
  said('lowerdir+ after datadir+', 'option-syntax', `lowerdir+=l1,datadir+=l2,lowerdir+=u`),
  said('data-only layers alone, and an upper', 'lowerdir-required', `datadir+=l1,${UPPER}`),
  said('one data-only layer', 'single-lower-without-upper', 'datadir+=l1'),
  said('literal quotes', 'path-not-expanded', `lowerdir="l1",${UPPER}`),
  said('the source twice', 'option-syntax', `source=a,lowerdir=l1,${UPPER}`),
  { name: '501 layers', code: 'too-many-layers', command: (dir) => {
    for (let i = 0; i < 501; i++) mkdirSync(`${dir}/${i.toString(36)}_`)
    return overlay(`lowerdir=${Array.from({ length: 501 }, (_, i) => `${i.toString(36)}_`).join(':')}`)
  } },
  { name: 'a directory nobody knows in incompat', code: 'work-dir-unusable', command: (dir) => {
    mkdirSync(`${dir}/w/work/incompat/tomorrow`, { recursive: true })
    return overlay(`lowerdir=l1,${UPPER}`)
  } },
  { name: 'upper on hugetlbfs', code: 'stack-too-deep', command: (dir) => {
    sh('mkdir "$1/h"; mount -t hugetlbfs h "$1/h"; mkdir "$1/h/u" "$1/h/w"', dir)
    return overlay('lowerdir=l1,upperdir=h/u,workdir=h/w')
  } },
]

const CONFLICTS: readonly CommandRow[] = [
  `metacopy=on,redirect_dir=off,${UPPER}`, `metacopy=on,redirect_dir=follow,${UPPER}`, `metacopy=on,redirect_dir=nofollow,${UPPER}`, 'metacopy=on,redirect_dir=nofollow',
  `nfs_export=on,index=off,${UPPER}`, `nfs_export=on,metacopy=on,${UPPER}`, `userxattr,redirect_dir=on,${UPPER}`, `userxattr,redirect_dir=follow,${UPPER}`, `userxattr,metacopy=on,${UPPER}`,
].map((options) => said(options, 'option-conflict', `lowerdir=l1:l2,${options}`))

const USERNS = ['unshare', '--user', '--map-root-user', '--mount', '--propagation', 'private']
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
const RIGHTS: readonly CommandRow[] = [
  ...['redirect_dir=on', 'redirect_dir=follow', 'metacopy=on', 'verity=on'].map((option): CommandRow => ({ ...said(`${option} in a user namespace`, 'userns-option-refused', `lowerdir=l1,${UPPER},${option}`), enter: USERNS })),
  { ...said('data-only layers in a user namespace', 'userns-option-refused', 'lowerdir=l1::l2'), enter: USERNS },
  { ...said('/ as a layer in a user namespace', 'userns-locked-mounts', 'lowerdir=/:l1'), enter: USERNS },
  { name: 'a mount below a layer in a user namespace', code: 'userns-locked-mounts', enter: USERNS, command: (dir) => {
    sh('mkdir "$1/l1/below"; mount -t tmpfs t "$1/l1/below"', dir)
    return overlay(`lowerdir=l1,${UPPER},userxattr`)
  } },
  { name: 'a lower behind a directory of somebody else', code: 'path-unreadable', enter: USERNS, command: (dir) => {
    sh('mkdir -p "$1/closed/l"; chown 65534:65534 "$1/closed"; chmod 700 "$1/closed"', dir)
    return overlay(`lowerdir=closed/l,${UPPER},userxattr`)
  } },
  { ...said('a user namespace without a mount namespace', 'not-permitted', `lowerdir=l1,${UPPER}`), enter: ['unshare', '--user', '--map-root-user'] },
  { ...said('root without CAP_SYS_ADMIN', 'not-permitted', `lowerdir=l1,${UPPER}`), enter: ['setpriv', '--inh-caps', '-sys_admin', '--bounding-set', '-sys_admin'] },
  { name: 'an ordinary user', code: 'not-permitted', enter: NOBODY, command: (dir) => {
    sh('chmod 755 "$1" "$1/.."', dir)
    return overlay(`lowerdir=l1,${UPPER}`)
  } },
]

const lowers = (dir: string, target = 'm'): void => sh('mount -t overlay overlay -o lowerdir="$1/l1:$1/l2" "$1/$2"', dir, target)

const AFTERWARDS: readonly CommandRow[] = [
  { name: 'a type nobody knows', code: 'filesystem-type-renamed', command: () => ['mount', '-t', 'overlayfs', 'overlayfs', '-o', `lowerdir=l1,${UPPER}`, 'm'] },
  { name: 'made writable without an upper', code: 'read-only-overlay', command: (dir) => {
    lowers(dir)
    return ['mount', '-o', 'remount,rw', 'm']
  } },
  { name: 'remounted, but not mounted', code: 'not-mounted', command: (dir) => ['mount', '-t', 'overlay', '-o', 'remount,rw', 'overlay', `${dir}/m`] },
  { name: 'unmounted while it is used', code: 'umount-busy', command: (dir) => {
    lowers(dir)
    return ['sh', '-c', 'cd m && umount "$OLDPWD/m"']
  } },
  { name: 'unmounted, but not mounted', code: 'not-mounted', command: () => ['umount', 'm'] },
  { name: 'unmounted, and missing', code: 'not-mounted', command: (dir) => ['umount', `${dir}/nope`] },
  { name: 'a target that is a symlink to nowhere', code: 'target-missing', command: (dir) => {
    symlinkSync('nowhere', `${dir}/s`)
    return overlay(`lowerdir=l1,${UPPER}`, 's')
  } },
  { name: 'a lower that is an image', code: 'layer-not-directory', command: (dir) => {
    writeFileSync(`${dir}/root.squashfs`, 'hsqs')
    return overlay(`lowerdir=root.squashfs,${UPPER}`)
  } },
]

export const COMMAND_ROWS: readonly CommandRow[] = [...SYNTAX, ...CONFLICTS, ...RIGHTS, ...AFTERWARDS]
