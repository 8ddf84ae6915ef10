/** Plans for readers: one sentence a step, and the shell commands that would do the same. */

import { encodeMountData } from '../overlay/encode.ts'
import { quoteShell } from '../names/shell.ts'
import type { Plan, Step } from './step.ts'

type Describe<S extends Step> = { readonly text: (step: S) => string; readonly shell: (step: S) => string | undefined }

const STEPS: { readonly [K in Step['do']]: Describe<Extract<Step, { do: K }>> } = {
  'hold-dir': { text: ({ path }) => `hold the directory '${path}', and follow no symlink below it`, shell: () => undefined },
  'make-dir': { text: ({ path }) => `make the directory '${path}' if it is missing`, shell: ({ path, mode }) => `mkdir -p -m ${mode.toString(8)} ${quoteShell(path)}` },
  'write-receipt': { text: ({ path }) => `note in '${path}' what will be mounted, for umount`, shell: () => undefined },
  'mount-tmpfs': {
    text: ({ at, size }) => `mount a tmpfs${size === undefined ? '' : ` of ${size}`} at '${at}'`,
    shell: ({ at, size, flags = [] }) => `mount -t tmpfs -o ${['mode=755', ...(size === undefined ? [] : [`size=${size}`]), ...flags].join(',')} tmpfs ${quoteShell(at)}`,
  },
  'attach-image': {
    text: ({ image, type, at, slices, name }) => `attach the ${type} image ${slices === undefined ? `'${image}'` : `'${name ?? ''}' in '${image}'${slices.length > 1 ? `, put together from its ${slices.length} pieces,` : ''}`} read-only at '${at}'`,
    shell: ({ image, type, at, slices = [], flags = [] }) => `mount -t ${type} -o ${['loop', ...slices.slice(0, 1).flatMap(({ offset, length }) => [`offset=${offset}`, `sizelimit=${length}`]), 'ro', ...flags].join(',')} ${quoteShell(image)} ${quoteShell(at)}`,
  },
  'mount-disk': {
    text: ({ disk, type, at }) => `mount the ${type} of '${disk}' writable at '${at}'`,
    shell: ({ disk, type, at, flags }) => `mount -t ${type} -o ${['rw', ...flags].join(',')} ${quoteShell(disk)} ${quoteShell(at)}`,
  },
  'make-disk': {
    text: ({ path, size, label, files }) => `make '${path}', a sparse ext4 image of ${size} bytes with the label '${label}'${Object.keys(files).map((name) => ` and the file ${name}`).join('')}`,
    shell: ({ path, size, label, files }) => {
      const make = (more: string): string => `truncate -s ${size} ${quoteShell(path)} && mkfs.ext4 -q -L ${quoteShell(label)}${more} ${quoteShell(path)}`
      const texts = Object.entries(files).map(([name, text]) => `printf %s ${quoteShell(text)} > "$root"/${quoteShell(name)} && `)
      return texts.length === 0 ? make('') : `root=$(mktemp -d) && ${texts.join('')}${make(' -d "$root"')}`
    },
  },
  'copy-image': {
    text: ({ image, slices, to }) => `copy ${slices === undefined ? `'${image}'` : `${slices.reduce((sum, { length }) => sum + length, 0)} bytes of '${image}'`} to '${to}'`,
    shell: ({ image, slices, to }) =>
      slices === undefined ? `cp ${quoteShell(image)} ${quoteShell(to)}` : slices.map(({ offset, length }, at) => `tail -c +${offset + 1} ${quoteShell(image)} | head -c ${length} ${at === 0 ? '>' : '>>'} ${quoteShell(to)}`).join(' && '),
  },
  'copy-tree': { text: ({ from, to }) => `copy '${from}' to '${to}', unless that is there already`, shell: ({ from, to }) => `[ -d ${quoteShell(to)} ] || cp -a ${quoteShell(from)} ${quoteShell(to)}` },
  'link-tree': { text: ({ from, at }) => `make a symlink in '${at}' for each file below '${from}'`, shell: ({ from, at }) => `cp -rs --remove-destination ${quoteShell(`${from}/.`)} ${quoteShell(at)}` },
  bind: {
    text: ({ from, at, readOnly }) => `show '${from}' at '${at}' too${readOnly === true ? ', read-only and without what is mounted below it' : ''}`,
    // In two calls: one mount(2) would leave the bind writable.
    shell: ({ from, at, readOnly }) => `mount --bind${readOnly === true ? ' --make-private' : ''} ${quoteShell(from)} ${quoteShell(at)}${readOnly === true ? ` && mount -o remount,bind,ro ${quoteShell(at)}` : ''}`,
  },
  'clone-idmapped': {
    text: ({ from, idmap, at }) => `attach '${from}' read-only with ids mapped (${idmap}) at '${at}'`,
    // mount(8) remounts for the `ro`: one mount(2) would leave the bind writable.
    shell: ({ from, idmap, at }) => `mount --bind -o ${quoteShell(`ro,X-mount.idmap=${idmap}`)} ${quoteShell(from)} ${quoteShell(at)}`,
  },
  'mount-overlay': {
    text: ({ target, params, ways }) => `mount the overlay of ${params.filter(({ kind }) => kind === 'layer').length} directories at '${target}' (${ways.join(', then ')})`,
    shell: ({ target, source, params, flags }) => `mount -t overlay ${quoteShell(source)} ${quoteShell(target)} -o ${quoteShell([...flags, encodeMountData(params)].join(','))}`,
  },
  'attach-tree': {
    text: ({ from, at }) => `show all of '${from}' at '${at}', and take it down where it was put together`,
    shell: ({ from, at }) => `mount --rbind ${quoteShell(from)} ${quoteShell(at)} && umount -R ${quoteShell(from)}`,
  },
  unmount: { text: ({ path, lazy }) => `unmount '${path}'${lazy ? ' lazily' : ''}`, shell: ({ path, lazy }) => `umount ${lazy ? '-l ' : ''}${quoteShell(path)}` },
  'remove-dir': { text: ({ path }) => `remove the directory '${path}' if it is empty`, shell: ({ path }) => `rmdir ${quoteShell(path)}` },
  'remove-receipt': { text: ({ path }) => `forget the receipt '${path}'`, shell: () => undefined },
  remount: {
    text: ({ target, set, clear }) => `change the flags of '${target}': ${[...set.map((flag) => `+${flag}`), ...clear.map((flag) => `-${flag}`)].join(' ')}`,
    shell: ({ target, set, clear }) => `mount -o ${['remount', ...set, ...clear.map(inverse)].join(',')} ${quoteShell(target)}`,
  },
}

/** One sentence for each step. */
export function describePlan({ steps }: Plan): string[] {
  return steps.map((step) => rowOf(step).text(step))
}

/** The shell commands that would do the same by hand. */
export function toShell({ steps }: Plan): string[] {
  return steps.map((step) => rowOf(step).shell(step)).filter((line) => line !== undefined)
}

/** The table is exact for each kind of step; TypeScript cannot follow that through the union. */
function rowOf(step: Step): Describe<Step> {
  return STEPS[step.do] as unknown as Describe<Step>
}

const inverse = (flag: string): string => (flag === 'ro' ? 'rw' : flag.replace(/^no/, ''))
