import { expect, test } from 'vitest'
import { CATALOGUE } from '../../../src/errors/catalogue.ts'
import { HOST_ENTRIES } from '../../../src/errors/catalogue/host.ts'
import { LAYER_ENTRIES } from '../../../src/errors/catalogue/layers.ts'
import { LIVE_ENTRIES } from '../../../src/errors/catalogue/live.ts'
import { OPTION_ENTRIES } from '../../../src/errors/catalogue/options.ts'
import { STATE_ENTRIES } from '../../../src/errors/catalogue/state.ts'
import { TOOL_ENTRIES } from '../../../src/errors/catalogue/tool.ts'
import { FINDING_CODES } from '../../../src/errors/codes.ts'
import { finding } from '../../../src/errors/make-finding.ts'

test.each(FINDING_CODES)('%s is explained', (code) => {
  const { explanation, docs } = CATALOGUE[code]
  expect(explanation).toMatch(/^(ovl|[A-Z]).*\.$/)
  expect(explanation.length).toBeGreaterThan(40)
  expect(explanation.split(/[.!?](?: |$)/).filter((sentence) => sentence !== '').length).toBeLessThanOrEqual(4)
  expect(docs).toMatch(/^(https:\/\/docs\.kernel\.org\/filesystems\/overlayfs\.html(#[a-z-]+)?|[\w.-]+\(\d\))$/)
})

test('each code has one row, and no row is without a code', () => {
  const rows = [LAYER_ENTRIES, OPTION_ENTRIES, HOST_ENTRIES, STATE_ENTRIES, TOOL_ENTRIES, LIVE_ENTRIES].flatMap((entries) => Object.keys(entries))
  expect(rows.toSorted()).toEqual(FINDING_CODES.toSorted())
})

test('a finding is completed from its row, and what the finder says wins', () => {
  const plain = finding('mount-limit', { title: 't' })
  expect(plain).toEqual({ code: 'mount-limit', title: 't', evidence: [], fix: [], confidence: 'certain', ...CATALOGUE['mount-limit'] })
  const said = { title: 't', severity: 'note', explanation: 'e', confidence: 'possible', evidence: [{ fact: 'f', source: 'stat' }], fix: [{ text: 'x', command: 'y' }] } as const
  expect(finding('mount-limit', said)).toEqual({ code: 'mount-limit', docs: CATALOGUE['mount-limit'].docs, ...said })
})
