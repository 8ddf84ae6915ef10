/**
 * Fixes of what is mounted already: a command that mounts anew must take this mount down first, or two
 * overlays would lie over each other with one upper. What goes away with the mount cannot be named then.
 */

import type { Finding, Fix } from '../errors/finding.ts'
import { quoteShell } from '../names/shell.ts'

/** `own` is the directory of its images and tmpfs, which umount removes. */
export function fixMounted(findings: readonly Finding[], target: string, own: string | undefined): Finding[] {
  const mended = ({ text, command }: Fix): Fix => {
    if (command?.startsWith('ovl mount ') !== true) return command === undefined ? { text } : { text, command }
    if (own !== undefined && command.includes(own)) return { text }
    return { text, command: `ovl umount ${quoteShell(target)} && ${command}` }
  }
  return findings.map((one) => ({ ...one, fix: one.fix.map(mended) }))
}
