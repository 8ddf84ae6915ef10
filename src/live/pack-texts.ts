/** The texts of a medium that name images or count what is in them, changed as little as need be. */

import { compareNames } from '../names/bytes.ts'

/** `layerfs-path=` of boot lines says another image, where `which` says so. */
export function renameLayerPaths(text: string, name: string, which: (said: string) => boolean): string {
  return text.replace(/(?<![\w-])layerfs-path=([^\s'"}]+)/g, (whole, said: string) => (which(said) ? `layerfs-path=${said.includes('/') ? said.replace(/[^/]*$/, name) : name}` : whole))
}

/** Boot lines of casper that say no `layerfs-path=` say it: of GRUB, isolinux and systemd-boot. */
export function addLayerPath(text: string, name: string): string {
  const isCasper = /\/casper\/|(?<![\w-])boot=casper(?![\w-])/.test(text)
  return text.split('\n').map((line) => {
    if (/(?<![\w-])layerfs-path=/.test(line)) return line
    if (/^\s*(?:linux(?:16|efi)?)\s+\S*\/casper\//.test(line) || (/^\s*linux(?:16|efi)?\s/.test(line) && /\sboot=casper(?!\S)/.test(line))) return line.replace(/^(\s*linux\w*\s+\S+)/, `$1 layerfs-path=${name}`)
    return isCasper && /^\s*(?:append|options)\s/i.test(line) && !/\sappend\s+-\s*$/i.test(line) ? line.replace(/^(\s*\w+)/, `$1 layerfs-path=${name}`) : line
  }).join('\n')
}

/** Files of install-sources.yaml that are no more are the one there is now, which has no layers. */
export function renameSources(text: string, gone: ReadonlySet<string>, name: string, single: boolean): string {
  const named = text.replace(/^([ \t]*(?:-[ \t]+)?path:[ \t]*)(["']?)([^"'\s]+)\2[ \t]*$/gm, (whole, key: string, quote: string, path: string) => (gone.has(path) ? `${key}${quote}${name}${quote}` : whole))
  return single && named !== text ? named.replace(/^([ \t]*(?:-[ \t]+)?type:[ \t]*["']?)fsimage-layered\b/gm, '$1fsimage') : named
}

/** Lists of checksums at the top of a medium, and how they are made. */
export const SUM_FILES: Readonly<Record<string, string>> = { '/md5sum.txt': 'md5', '/MD5SUMS': 'md5', '/sha256sum.txt': 'sha256', '/SHA256SUMS': 'sha256', '/sha512sum.txt': 'sha512' }

/** Lines of the files that changed, or are new, or are gone; all others stay as they are. */
export function renewSums(text: string, sums: ReadonlyMap<string, string>, removed: readonly string[]): string {
  const seen = new Set<string>()
  const lines = text.split('\n').flatMap((line) => {
    const [, , between = '', name = ''] = /^([0-9a-f]{32,})(\s+\*?)(.+)$/s.exec(line) ?? []
    if (name === '') return [line]
    const path = `/${name.replace(/^\.?\//, '')}`
    seen.add(path)
    const sum = sums.get(path)
    return removed.includes(path) ? [] : [sum === undefined ? line : `${sum}${between}${name}`]
  })
  const fresh = [...sums].filter(([path]) => !seen.has(path)).toSorted(([a], [b]) => compareNames(a, b)).map(([path, sum]) => `${sum}  .${path}`)
  return `${[...lines.filter((line) => line !== ''), ...fresh].join('\n')}\n`
}

/** The packages that dpkg has installed, as `filesystem.manifest` lists them, with the separator of the list before. */
export function formatManifest(status: string, before: string): string {
  const separator = /^\S+([ \t]+)\S/.exec(before)?.[1] ?? '\t'
  const field = (paragraph: string, name: string): string => new RegExp(`^${name}: *(.*)$`, 'm').exec(paragraph)?.[1]?.trim() ?? ''
  const installed = status.split(/\n{2,}/).filter((paragraph) => field(paragraph, 'Status').endsWith(' installed'))
  const lines = installed.map((paragraph) => `${field(paragraph, 'Package')}${field(paragraph, 'Multi-Arch') === 'same' ? `:${field(paragraph, 'Architecture')}` : ''}${separator}${field(paragraph, 'Version')}`)
  return lines.toSorted(compareNames).map((line) => `${line}\n`).join('')
}
