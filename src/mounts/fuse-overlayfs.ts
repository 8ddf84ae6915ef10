/**
 * fuse-overlayfs hides its layers from the mount table; only its daemon's command line still has them.
 * This reads such a command line. Finding the process is somebody else's.
 */

import { tidyPath } from '../names/path.ts'
import { splitUnescaped, unescapeOverlay } from '../overlay/escape.ts'

/** The type under which it stands in the mount table. */
export const FUSE_OVERLAYFS = 'fuse.fuse-overlayfs'

export interface FuseCommand {
  /** As it was typed: possibly relative. */
  readonly target: string
  readonly lower: readonly string[]
  readonly upper?: string
  readonly work?: string
}

/**
 * `fuse-overlayfs [-f] -o lowerdir=…,upperdir=…,workdir=… TARGET`, as /proc/PID/cmdline splits it.
 * Undefined when it is none, or has lost its layers.
 */
export function parseFuseCommand(argv: readonly string[]): FuseCommand | undefined {
  const target = argv.at(-1)
  if (argv.length < 3 || target === undefined || !/(?:^|\/)fuse-overlayfs$/.test(argv[0] ?? '')) return undefined
  const layers: Record<string, string> = {}
  for (const word of argv.flatMap((argument, at) => (argument === '-o' ? [argv[at + 1] ?? ''] : argument.startsWith('-o') ? [argument.slice(2)] : []))) {
    for (const option of splitUnescaped(word, ',')) {
      const [, key = '', value = ''] = /^(lowerdir|upperdir|workdir)=([\s\S]*)$/.exec(option) ?? []
      if (key !== '') layers[key] = value
    }
  }
  const { lowerdir, upperdir, workdir } = layers
  if (lowerdir === undefined) return undefined
  return {
    target,
    lower: splitUnescaped(lowerdir, ':').map(path),
    ...(upperdir === undefined ? {} : { upper: path(upperdir) }),
    ...(workdir === undefined ? {} : { work: path(workdir) }),
  }
}

const path = (word: string): string => tidyPath(unescapeOverlay(word))
