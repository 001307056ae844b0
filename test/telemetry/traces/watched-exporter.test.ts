import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExportResultCode, type ExportResult } from '@opentelemetry/core'
import { watchedExporter } from '../../../src/telemetry/traces/watched-exporter.ts'

const { SUCCESS, FAILED } = ExportResultCode

/** An exporter whose batches come to these results, one after the other. */
function setUp() {
  const told: string[] = []
  let result: ExportResult = { code: SUCCESS }
  const exporter = watchedExporter(
    { export: (_spans, done) => done(result), shutdown: async () => {} },
    { onLost: (reason) => told.push(`lost: ${reason}`), onTaken: () => told.push('taken') },
  )
  return {
    told,
    exporter,
    batch(next: ExportResult) {
      result = next
      const heard: ExportResult[] = []
      exporter.export([], (given) => heard.push(given))
      assert.deepEqual(heard, [next])
    },
  }
}

test('that spans are lost is told when it begins and when it is over, not with each batch', () => {
  const { told, batch } = setUp()
  batch({ code: SUCCESS })
  assert.deepEqual(told, [])
  batch({ code: FAILED, error: new Error('it is full') })
  batch({ code: FAILED, error: new Error('it is still full') })
  assert.deepEqual(told, ['lost: it is full'])
  batch({ code: SUCCESS })
  batch({ code: SUCCESS })
  assert.deepEqual(told, ['lost: it is full', 'taken'])
})

test('an error without a message is told by its code', () => {
  const { told, batch } = setUp()
  batch({ code: FAILED, error: Object.assign(new Error(''), { code: 'ECONNREFUSED' }) })
  assert.deepEqual(told, ['lost: ECONNREFUSED'])
})

test('a failure without an error is told as well', () => {
  const { told, batch } = setUp()
  batch({ code: FAILED })
  assert.deepEqual(told, ['lost: unknown'])
})

test('what is given up is told, unless losses were told before', () => {
  const { told, exporter } = setUp()
  exporter.giveUp('no answer')
  exporter.giveUp('still no answer')
  assert.deepEqual(told, ['lost: no answer'])
})
