/**
 * The options that stand in a message, looked at for what the errno allows: signs that no shell expanded,
 * colons and commas that cut a path, lengths, what is missing. Each clue is one row.
 */

import { nameBytes } from '../../../names/bytes.ts'
import { isWithin, parentPath, tidyPath } from '../../../names/path.ts'
import { bytesOf } from '../option-strings.ts'
import type { OptionString } from '../option-strings.ts'
import type { Reading } from '../read.ts'
import { SHOWN } from './hint.ts'
import type { Family, Hint } from './hint.ts'

interface Clue {
  /** Errnos that it can end in; absent: worth saying whatever the errno. */
  readonly errnos?: readonly string[]
  readonly find: (options: OptionString, reading: Reading) => Omit<Hint, 'because'> | undefined
}

/** The kernel’s limits: of mount(2) data, and of one value of fsconfig(2). */
const PAGE = 4095
const VALUE = 255

export const optionClues: Family = (reading) => {
  const { options, errno, lines } = reading
  const hints = options.flatMap((one) => CLUES.filter(({ errnos }) => errnos === undefined || errno === undefined || errnos.includes(errno)).flatMap(({ find }) => find(one, reading) ?? []).map((hint) => ({ ...hint, because: one.raw })))
  return errno === undefined && lines.length === 0 ? [] : hints
}

const paths = ({ lower, upper, work }: OptionString): string[] => [...lower, ...(upper === undefined ? [] : [upper]), ...(work === undefined ? [] : [work])]
/** Shortened at its beginning, so that nothing can be said of it. */
const isShort = (path: string): boolean => /^[^/]{0,200}(?:\.\.\.|…)|^\/?(?:\.\.\.|…)/.test(path)

const CLUES: readonly Clue[] = [
  { find: (one) => (bytesOf(one) >= PAGE ? { code: 'options-too-long', weight: SHOWN + 6, title: `the options are ${bytesOf(one)} bytes long, and mount(2) takes at most ${PAGE}` } : undefined) },
  { errnos: ['EINVAL', 'ENAMETOOLONG'], find: longValue },
  { find: unexpandedPath },
  { find: cutAtColon },
  { errnos: ['EINVAL', 'ENOENT'], find: cutAtComma },
  { errnos: ['EINVAL', 'ENOENT'], find: (one) => (one.blank ? { code: 'option-syntax', weight: SHOWN, title: 'a blank stands among the options, which are parted by commas alone' } : undefined) },
  { errnos: ['EINVAL', 'ENOENT'], find: ({ pairs }) => pairs.flatMap(({ key }) => (/^(?:lower|upper|work)dir:/.test(key) ? [{ code: 'option-syntax', weight: SHOWN, title: `'${key}' has a colon where an equals sign belongs` } as const] : []))[0] },
  { errnos: ['EINVAL', 'ENOENT'], find: ({ pairs }) => (['upperdir', 'workdir'].some((key) => pairs.filter((pair) => pair.key === key).length > 1) ? { code: 'option-syntax', weight: SHOWN - 2, title: 'upperdir or workdir stands there twice' } : undefined) },
  { errnos: ['EINVAL'], find: (one) => (one.upper !== undefined && one.work === undefined && !one.cut ? { code: 'work-required', weight: SHOWN, path: one.upper } : undefined) },
  { errnos: ['EINVAL'], find: (one) => (one.upper === undefined && one.lower.length === 1 && !one.cut && one.home === 'command' ? { code: 'single-lower-without-upper', weight: SHOWN, path: one.lower[0] as string } : undefined) },
  { errnos: ['EINVAL'], find: (one) => (one.lower.length === 0 && one.upper !== undefined && one.work !== undefined && !one.cut ? { code: 'lowerdir-required', weight: SHOWN - 2 } : undefined) },
  { errnos: ['EINVAL'], find: (one) => (one.lower.length > 500 ? { code: 'too-many-layers', weight: SHOWN, title: `${one.lower.length} lower layers, and the kernel takes 500` } : undefined) },
  { errnos: ['EINVAL'], find: ({ upper, work }) => (upper !== undefined && work !== undefined && (isWithin(tidyPath(work), tidyPath(upper)) || isWithin(tidyPath(upper), tidyPath(work))) ? { code: 'work-upper-nested', weight: SHOWN, path: work } : undefined) },
  { errnos: ['EINVAL', 'EXDEV'], find: apart },
  { errnos: ['EINVAL'], find: ({ lower }) => lower.flatMap((path) => (/^\/proc(?:\/|$)/.test(path) && !/^\/proc\/(?:self|thread-self|\d+)\/fd\//.test(path) ? [{ code: 'stack-too-deep', weight: SHOWN, path } as const] : []))[0] },
  { errnos: ['EINVAL'], find: lockedMounts },
  { errnos: ['EINVAL'], find: ({ pairs }) => (pairs.some(({ key }) => key === 'volatile') ? { code: 'volatile-leftover', weight: SHOWN - 4 } : undefined) },
  { errnos: ['EINVAL'], find: ({ pairs }) => (pairs.some(({ key }) => key === 'volatile') ? { code: 'option-needs-newer-kernel', weight: SHOWN - 6, option: 'volatile' } : undefined) },
  { errnos: ['EINVAL', 'EACCES'], find: (one) => paths(one).flatMap((path) => (/\/mapped\/\d/.test(path) ? [{ code: 'idmap-unsupported', weight: ERRNO_NEAR, path } as const] : []))[0] },
  { errnos: ['EPERM'], find: refusedRootless },
  { errnos: ['ENODEV', 'EINVAL'], find: (one, { lines }) => (lines.some(({ text }) => /\soverlayfs\s|-t overlayfs\b/.test(text)) && one.raw !== '' ? { code: 'filesystem-type-renamed', weight: SHOWN } : undefined) },
  { errnos: ['ELOOP'], find: twice },
]

const ERRNO_NEAR = 48

function longValue({ pairs, home }: OptionString, { tools }: Reading): Omit<Hint, 'because'> | undefined {
  const long = pairs.find(({ value }) => value !== undefined && nameBytes(value.toWellFormed()) > VALUE)
  if (long === undefined || !(tools.has('mount') || tools.has('fsconfig') || home === 'command')) return undefined
  return { code: 'value-too-long', weight: SHOWN, option: long.key, title: `the value of ${long.key} is ${nameBytes((long.value ?? '').toWellFormed())} bytes long: mount(8) of util-linux 2.39 and newer can pass at most ${VALUE}` }
}

/** What a shell would have undone is no sign in a command line, except a tilde inside of a word. */
function unexpandedPath(one: OptionString): Omit<Hint, 'because'> | undefined {
  const quoted = one.pairs.find(({ key, value }) => /^(?:lower|upper|work)dir$/.test(key) && value !== undefined && /^["']/.test(value))
  if (quoted !== undefined) return { code: 'path-not-expanded', weight: one.home === 'command' ? ERRNO_NEAR : SHOWN, option: quoted.key, title: `the quotes around ${quoted.key} may have reached the kernel as part of the name` }
  const tilde = paths(one).find((path) => path.startsWith('~'))
  if (tilde !== undefined) return { code: 'path-not-expanded', weight: SHOWN + 2, path: tilde }
  const variable = paths(one).find((path) => /\$[A-Za-z_{(]|%[A-Z_]{2,40}%/.test(path))
  return variable === undefined || one.home === 'command' ? undefined : { code: 'path-not-expanded', weight: SHOWN, path: variable }
}

/** Absolute layers, and one that is not: its beginning went to another layer. Or upper shares what a layer and the next make together. */
function cutAtColon({ lower, upper, work }: OptionString): Omit<Hint, 'because'> | undefined {
  for (const [i, path] of lower.entries()) {
    const before = lower[i - 1]
    if (before === undefined || isShort(before) || isShort(path) || path.startsWith('/') || !before.startsWith('/')) continue
    const whole = `${before}:${path}`
    const shared = [upper, work].some((other) => other?.includes(':') === true && other.startsWith(`${before}:`))
    if (shared || /^[^~$"'/]{1,100}(?:\/|$)/.test(path)) return { code: 'unescaped-colon', weight: shared ? SHOWN + 8 : SHOWN + 4, path: whole, title: `'${whole}' was cut at its colon` }
  }
  return undefined
}

const PATH_KEYS = /^(?:lowerdir\+?|datadir\+|upperdir|workdir)$/

function cutAtComma({ pairs }: OptionString): Omit<Hint, 'because'> | undefined {
  const at = pairs.findIndex(({ key, value }, i) => i > 0 && value === undefined && /[/ ]/.test(key) && PATH_KEYS.test(pairs[i - 1]?.key ?? ''))
  const before = pairs[at - 1]
  return at < 0 || before === undefined ? undefined : { code: 'unescaped-comma', weight: SHOWN + 2, path: `${before.value ?? ''},${pairs[at]?.key ?? ''}`, title: `the path of ${before.key} was cut at its comma` }
}

/** Upper and work with nothing in common but the root, or of different first directories when relative. */
function apart({ upper, work, cut }: OptionString): Omit<Hint, 'because'> | undefined {
  if (upper === undefined || work === undefined || cut) return undefined
  const [a, b] = [tidyPath(upper), tidyPath(work)].map((path) => path.split('/').find((part) => part !== ''))
  const sameParent = parentPath(tidyPath(upper)) === parentPath(tidyPath(work))
  return a === b || sameParent ? undefined : { code: 'work-other-filesystem', weight: SHOWN - 4, path: work }
}

/** In a user namespace every mount below a lower is locked; `/` has them always. */
function lockedMounts({ lower, pairs }: OptionString, { tools }: Reading): Omit<Hint, 'because'> | undefined {
  const rootless = pairs.some(({ key }) => key === 'userxattr') || tools.has('bwrap') || tools.has('rootless')
  if (!rootless) return undefined
  const broad = lower.find((path) => /^\/(?:oldroot\/?)?(?:var|usr|home|run|etc|sys|dev|mnt)?\/?$/.test(path))
  return { code: 'userns-locked-mounts', weight: broad === undefined ? ERRNO_NEAR : SHOWN, ...(broad === undefined ? {} : { path: broad }) }
}

const TRUSTED = /^(?:redirect_dir=(?:on|follow|off)|metacopy=on|verity=(?:on|require))$/

function refusedRootless({ pairs }: OptionString): Omit<Hint, 'because'> | undefined {
  const trusted = pairs.map(({ key, value }) => `${key}=${value ?? ''}`).find((word) => TRUSTED.test(word))
  return trusted === undefined ? undefined : { code: 'userns-option-refused', weight: SHOWN + 14, option: trusted }
}

function twice({ lower, upper, work }: OptionString): Omit<Hint, 'because'> | undefined {
  const all = [...lower, ...(upper === undefined ? [] : [upper]), ...(work === undefined ? [] : [work])].filter((path) => !isShort(path)).map(tidyPath)
  const again = all.find((path, i) => all.indexOf(path) < i)
  const known = new Set(all)
  const nested = again ?? all.find((path) => { for (let up = parentPath(path); up.length > 1; up = parentPath(up)) if (known.has(up)) return true; return false })
  return nested === undefined ? undefined : { code: 'layers-overlap', weight: SHOWN, path: nested, title: again === undefined ? `'${nested}' lies inside another layer` : `'${again}' is named twice` }
}
