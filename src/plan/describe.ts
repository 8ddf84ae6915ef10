/** Plans for readers: one sentence a step, and the shell commands that would do the same. */

import { encodeMountData } from '../overlay/encode.ts'
import { quoteShell } from '../names/shell.ts'
import type { Plan, Step } from './step.ts'

type Describe<S extends Step> = { readonly text: (step: S) => string; readonly shell: (step: S) => string | undefined }

const STEPS: { readonly [K in Step['do']]: Describe<Extract<Step, { do: K }>> } = {
  'make-dir': { text: ({ path }) => `make the directory '${path}' if it is missing`, shell: ({ path, mode }) => `mkdir -p -m ${mode.toString(8)} ${quoteShell(path)}` },
  'write-receipt': { text: ({ path }) => `note in '${path}' what will be mounted, for umount`, shell: () => undefined },
  'mount-tmpfs': {
    text: ({ at, size }) => `mount a tmpfs${size === undefined ? '' : ` of ${size}`} at '${at}'`,
    shell: ({ at, size }) => `mount -t tmpfs -o mode=755${size === undefined ? '' : `,size=${size}`} tmpfs ${quoteShell(at)}`,
  },
  'attach-image': {
    text: ({ image, type, at }) => `attach the ${type} image '${image}' read-only at '${at}'`,
    shell: ({ image, type, at }) => `mount -t ${type} -o loop,ro ${quoteShell(image)} ${quoteShell(at)}`,
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
