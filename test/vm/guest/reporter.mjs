// Test reporter of the guest: one line a test, `@test {json}`, for run.mjs at the other end of the serial line.

import { basename } from 'node:path'

export default async function* reporter(events) {
  for await (const { type, data } of events) {
    if (type === 'test:pass' || type === 'test:fail') {
      if (data.details.type === 'suite') continue
      const error = data.details.error
      const result = data.skip !== undefined ? 'skipped' : data.todo !== undefined ? 'skipped' : type === 'test:pass' ? 'passed' : 'failed'
      yield line({
        result,
        name: data.name,
        file: basename(data.file ?? ''),
        ms: Math.round(data.details.duration_ms),
        ...(typeof data.skip === 'string' ? { why: data.skip } : {}),
        ...(result === 'failed' ? { why: String(error?.cause?.stack ?? error?.cause ?? error?.message) } : {}),
      })
    } else if (type === 'test:stdout' || type === 'test:stderr') {
      yield `${data.message.trimEnd()}\n`
    }
  }
}

function line(record) {
  return `@test ${JSON.stringify(record)}\n`
}
