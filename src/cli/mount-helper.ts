/**
 * The command lines of mount.ovl and umount.ovl, as mount(8) and umount(8) write them. They say nothing on success; a
 * failure goes to stderr, which at boot is the journal, in the words of `ovl mount`.
 *
 *     mount.ovl SPEC DIR [-sfnv] [-N NAMESPACE] [-o OPTIONS] [-t TYPE]
 *     umount.ovl DIR [-flnrv] [-N NAMESPACE] [-t TYPE]
 */

import type { Finding } from '../errors/finding.ts'
import { OvlError } from '../errors/ovl-error.ts'
import { bearFileLimit, interruptible } from './interrupt.ts'
import { exactArguments } from './exact-arguments.ts'
import { reportFailure, reportOutcome } from './report.ts'
import type { Answering } from './report.ts'

interface HelperWords {
  readonly flags: ReadonlySet<string>
  readonly values: Readonly<Record<string, readonly string[]>>
  readonly positionals: readonly string[]
}

const MOUNT = { usage: 'mount.ovl SPEC DIR [-sfnv] [-o OPTIONS] [-t TYPE]', flags: 'sfnvrw', min: 2 } as const
const UMOUNT = { usage: 'umount.ovl DIR [-flnrv] [-t TYPE]', flags: 'flnrvidc', min: 1 } as const
/** Options with a value, of both. */
const VALUES = 'Not'

/** Runs mount.ovl. */
export function mountHelper(argv: readonly string[]): Promise<number> {
  return answer('mount.ovl', MOUNT, argv, async ({ flags, values, positionals: [source = '', target = ''] }, signal) => {
    const { mountByHelper } = await import('../ops/mount-helper.ts')
    const options = [...(values['o'] ?? []), ...(flags.has('r') ? ['ro'] : [])]
    return mountByHelper({ source, target, options, fake: flags.has('f'), noMtab: flags.has('n'), signal })
  })
}

/** Runs umount.ovl. */
export function umountHelper(argv: readonly string[]): Promise<number> {
  return answer('umount.ovl', UMOUNT, argv, async ({ flags, positionals: [target = ''] }, signal) => {
    const { unmount } = await import('../ops/unmount.ts')
    // Of umount(8): -f.
    await unmount(target, { lazy: flags.has('l'), force: flags.has('f'), signal })
    return []
  })
}

async function answer(who: string, form: typeof MOUNT | typeof UMOUNT, argv: readonly string[], work: (words: HelperWords, signal: AbortSignal) => Promise<readonly Finding[]>): Promise<number> {
  const how: Answering = { who, json: false, color: 'auto', verbose: false, quiet: false }
  bearFileLimit()
  const help = `Usage: ${form.usage}\nRun by ${who.split('.')[0]}(8) for the file system type ovl; see ovl(1).\n`
  if (argv.includes('--help')) return reportOutcome({ data: undefined, text: () => help }, how)
  return interruptible(async (signal) => {
    try {
      const warnings = await work(readWords(who, form, await exactArguments(argv)), signal)
      return await reportOutcome({ data: undefined, text: () => '', silent: true, warnings }, how)
    } catch (error) {
      return await reportFailure(error, how)
    }
  })
}

function readWords(who: string, { usage, flags: known, min }: typeof MOUNT | typeof UMOUNT, argv: readonly string[]): HelperWords {
  const flags = new Set<string>()
  const values: Record<string, string[]> = {}
  const positionals: string[] = []
  const words = [...argv]
  const wrong = (what: string, hint = `Usage: ${usage}`): OvlError => new OvlError('usage', what, { hint })
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (!/^-./.test(word)) {
      positionals.push(word)
      continue
    }
    for (let at = 1; at < word.length; at++) {
      const letter = word.charAt(at)
      if (known.includes(letter)) flags.add(letter)
      else if (VALUES.includes(letter)) {
        const value = word.slice(at + 1) || words.shift()
        if (value === undefined) throw wrong(`a value is missing: -${letter}`)
        ;(values[letter] ??= []).push(value)
        break
      } else throw wrong(`${who} has no option '-${letter}'`)
    }
  }
  if (positionals.length !== min) throw wrong(positionals.length < min ? 'a word is missing' : `too many words: ${positionals.slice(min).join(' ')}`)
  // A process of Node cannot enter a mount namespace.
  if (values['N'] !== undefined) throw wrong(`${who} cannot work in another mount namespace`, `Enter it first: nsenter --mount=${values['N'][0] as string} mount …`)
  return { flags, values, positionals }
}
