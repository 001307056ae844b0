import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runClaims } from '../../../src/access/credentials/run-claims.ts'

for (const [system, claims] of [
  ['GitHub', { repository: 'acme/app', run_id: '7', run_attempt: '1', job_workflow_ref: 'w' }],
  ['GitLab', { project_path: 'acme/app', pipeline_id: '7', job_id: '8' }],
  ['Kubernetes', { 'kubernetes.io/namespace': 'ci', 'kubernetes.io/pod/name': 'build-1' }],
  ['Buildkite', { organization_slug: 'acme', pipeline_slug: 'app', build_number: '7' }],
] as const) {
  test(`what finds a run of ${system} is kept, and nothing else`, () => {
    assert.deepEqual(runClaims({ ...claims, sub: 's', iss: 'i', actor: 'somebody' }), claims)
  })
}

test('what is no claim of the token is none of the run', () => {
  assert.deepEqual(runClaims({}), {})
})

test('a long value is cut', () => {
  assert.deepEqual(runClaims({ ref: 'x'.repeat(1000) }), { ref: 'x'.repeat(256) })
})
