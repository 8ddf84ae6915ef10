/** The public surface: an export that comes or goes by accident is seen here. */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as ovl from '../../src/index.ts'

test('exports', () => {
  expect(Object.keys(ovl).sort()).toEqual([
    'FINDING_CODES',
    'MOUNT_FLAGS',
    'OPTION_TABLE',
    'OvlError',
    'PROPAGATIONS',
    'decodeName',
    'describePlan',
    'diagnose',
    'doctor',
    'encode',
    'encodeName',
    'enter',
    'formatFstab',
    'inspect',
    'isOvlError',
    'lintFstab',
    'list',
    'liveStatus',
    'mount',
    'mountLive',
    'mountRoot',
    'mountUnit',
    'overlay',
    'packLive',
    'parseFstab',
    'parsePersistence',
    'planLive',
    'planOfBootRoot',
    'planOfLiveMount',
    'planOfLivePack',
    'planOfLiveUnmount',
    'planOfMount',
    'planOfRemount',
    'planOfRoot',
    'planOfUnmount',
    'planOfUnmountStale',
    'readLive',
    'readMedium',
    'remount',
    'removeFstab',
    'specFromWords',
    'toShell',
    'unmount',
    'unmountLive',
    'unmountStale',
    'validate',
    'writeBootRoot',
    'writeFstab',
    'writeUnit',
  ])
})

test('every type that a public signature names is public, too', () => {
  const text = (file: string): string => readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8')
  const map = text('index.ts')
  const sources = [...map.matchAll(/export (?:type )?\{ ([^}]*) \} from '\.\/([^']+)'/g)].map(([, names = '', file = '']) => ({ names: names.split(', '), file }))
  const known = new Set(sources.flatMap(({ names }) => names))
  const missing = sources.flatMap(({ names, file }) => {
    const imports = new Map([...text(file).matchAll(/import type \{ ([^}]*) \} from '(\.[^']+)'/g)].flatMap(([, types = '']) => types.split(', ').map((type) => [type, true] as const)))
    const own = [...text(file).matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, type = '']) => type)
    return names.flatMap((name) => {
      const said = new RegExp(`^export (?:async )?(?:interface|type|function) ${name}\\b[^]*?(?=\\n\\}|\\n\\n| \\{\\n)`, 'm').exec(text(file))?.[0] ?? ''
      return [...said.replaceAll(/\/\*[^]*?\*\//g, '').matchAll(/\b[A-Z]\w+\b/g)].map(([type]) => type).filter((type) => (imports.has(type) || own.includes(type)) && !known.has(type)).map((type) => `${type} of ${name}`)
    })
  })
  expect(missing).toEqual([])
})
