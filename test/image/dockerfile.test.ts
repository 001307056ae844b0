import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from './run.ts'
import { hadolint } from './tools.ts'

test('hadolint reports nothing of the Dockerfile', { skip: hadolint.skip }, async () => {
  const outcome = await run(hadolint.path(), ['--no-color', 'Dockerfile'])
  assert.deepEqual(outcome, { exitCode: 0, stdout: '', stderr: '' })
})
