/** What is suspected of a text must be possible by that very text, and what is advised must not ask for what was handed in. */

import { describe, expect, test } from 'vitest'
import { judgeMessage } from '../../../src/diagnose/messages/judge.ts'

const codes = (text: string): string[] => judgeMessage(text).map(({ code }) => code)
const fixes = (text: string, code: string): string => JSON.stringify(judgeMessage(text).find((one) => one.code === code)?.fix)

describe('a name that the kernel shows', () => {
  test('was expanded, when it has nothing to be expanded', () => {
    expect(codes("overlayfs: failed to resolve '/srv/u': -2")).not.toContain('path-not-expanded')
    for (const path of ['~/u', '/srv/$HOME/u', '"/srv/u"', '/home/me/~/u']) expect(codes(`overlayfs: failed to resolve '${path}': -2`), path).toContain('path-not-expanded')
  })

  test('was not expanded: the way out is told, and nobody is sent to look for the sign', () => {
    const fix = fixes("overlayfs: failed to resolve '~/u': -2", 'path-not-expanded')
    expect(fix).toContain('Write the path in full')
    expect(fix).not.toContain('Is there')
  })
})

describe('an option that the kernel refuses', () => {
  test('is one of a newer kernel only if there is such an option', () => {
    expect(codes("overlay: Unknown parameter 'foo'")).not.toContain('option-needs-newer-kernel')
    expect(codes("overlay: Unknown parameter 'verity'")[0]).toBe('option-needs-newer-kernel')
    expect(codes("overlay: Unknown parameter 'lowerdir+'")[0]).toBe('option-needs-newer-kernel')
  })

  test('has been said by the kernel: its log is not asked for', () => {
    for (const { fix } of judgeMessage("overlay: Unknown parameter 'foo'")) expect(JSON.stringify(fix)).not.toContain('dmesg')
  })
})

test.each([
  ["mount: unknown filesystem type 'overlay'.", 'module-missing'],
  ['mount: /m: must be superuser to use mount.', 'not-permitted'],
  ["rename: Invalid cross-device link (overlay)", 'rename-exdev'],
  ['overlayfs: failed to verify upper root origin', 'index-mismatch'],
])('%s: a way out, not a question alone', (text, code) => {
  expect(fixes(text, code)).toMatch(/ovl diagnose --code|Mount|Leave|Give/)
})
