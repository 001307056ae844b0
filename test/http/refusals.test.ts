import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import fastify from 'fastify'
import { type Access, openAccess } from '../../src/access/access.ts'
import { authenticate } from '../../src/http/plugins/authentication.ts'
import { answerErrors } from '../../src/http/plugins/errors.ts'
import { requestContext } from '../../src/http/plugins/request-context.ts'
import { refusalRoutes } from '../../src/http/routes/refusals.ts'
import { diagnosis } from '../../src/registry/diagnosis.ts'
import type { Refusal } from '../../src/registry/refusal.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { createMemoryRefusals } from '../support/memory-refusals.ts'
import { loadContract } from '../support/openapi.ts'
import { recordingObserver } from '../support/recording-observer.ts'
import { agentsWith, asAgent } from '../support/two-agents.ts'

const contract = await loadContract()
const destination = { name: 'default', registry: 'aws/default' }
const expected = { digest: digestOf(layerBytes(10, 1)) }
const actual = { digest: digestOf(layerBytes(10, 2)), sizeBytes: 10 }

/** Refused in the second of the year that `second` names. */
function refusal(second: number, differences: Partial<Refusal> = {}): Refusal {
  return {
    repository: parseRepositoryName('team/app'),
    agent: 'ci',
    place: 'raw',
    requestId: `request-${second}`,
    code: 'digest_mismatch',
    detail: 'The bytes are others.',
    expected,
    actual,
    diagnosis: diagnosis('truncated', { missingBytes: 90 }),
    refusedAt: new Date(Date.UTC(2026, 0, 1, 0, 0, second)),
    ...differences,
  }
}

function inRepository(name: string): Partial<Refusal> {
  return { repository: parseRepositoryName(name) }
}

/** The route alone, over refusals in memory. */
async function setup(
  t: TestContext,
  recorded: readonly Refusal[] = [],
  access: Access = openAccess(destination),
) {
  const refusals = createMemoryRefusals()
  for (const each of recorded) await refusals.record(each)
  const app = fastify({ exposeHeadRoutes: false })
  const observer = recordingObserver()
  requestContext(app, observer, () => false)
  answerErrors(app)
  authenticate(app, access)
  refusalRoutes(app, { observer, refusals })
  t.after(() => app.close())
  /** Every answer keeps what openapi.yaml promises. */
  async function get(query = '', headers: Readonly<Record<string, string>> = {}) {
    const answer = await app.inject({ url: `/v1/refusals${query}`, headers })
    const given = Object.entries(answer.headers).map(([name, value]) => [name, String(value)])
    const seen = {
      status: answer.statusCode,
      headers: new Headers(Object.fromEntries(given)),
      text: answer.payload,
    }
    assert.deepEqual(contract.problems('listRefusals', seen), [])
    return { status: answer.statusCode, body: answer.json() }
  }

  async function idsFor(query?: string, headers?: Readonly<Record<string, string>>) {
    const { status, body } = await get(query, headers)
    assert.equal(status, 200, JSON.stringify(body))
    return body.refusals.map(({ requestId }: Refusal) => requestId)
  }
  return { refusals, get, idsFor }
}

/** `watcher` may see what the others do, `builder` may not; both may pull team/app alone. */
function watched(): Access {
  return agentsWith({
    builder: { push: ['team/app'] },
    watcher: { push: [], pull: ['team/app'], observe: true },
  })(destination)
}

test('a refusal is told with all that the agent was told, and when', async (t) => {
  const { get } = await setup(t, [refusal(1)])
  assert.deepEqual(await get(), {
    status: 200,
    body: {
      refusals: [
        {
          repository: 'team/app',
          agent: 'ci',
          place: 'raw',
          requestId: 'request-1',
          code: 'digest_mismatch',
          detail: 'The bytes are others.',
          expected,
          actual,
          diagnosis: {
            cause: 'truncated',
            evidence: { missingBytes: 90 },
            advice:
              'Send the whole file: look for a full disk, a crash or a timeout where it was written.',
          },
          refusedAt: '2026-01-01T00:00:01.000Z',
        },
      ],
    },
  })
})

test('what a refusal has not is left out', async (t) => {
  const { requestId: _, expected: __, actual: ___, ...unclaimed } = refusal(1)
  const { get } = await setup(t, [{ ...unclaimed, place: 'unclaimed', code: 'malformed_gzip' }])
  const [told] = (await get()).body.refusals
  assert.deepEqual(Object.keys(told), [
    'repository',
    'agent',
    'place',
    'code',
    'detail',
    'diagnosis',
    'refusedAt',
  ])
})

test('nothing refused is an empty list', async (t) => {
  const { get } = await setup(t)
  assert.deepEqual(await get(), { status: 200, body: { refusals: [] } })
  assert.deepEqual(await get('?repository=team/app'), { status: 200, body: { refusals: [] } })
})

test('the newest comes first', async (t) => {
  const { idsFor } = await setup(t, [refusal(2), refusal(3), refusal(1)])
  assert.deepEqual(await idsFor(), ['request-3', 'request-2', 'request-1'])
})

test('a list is of 100 when it is not said, and of as many as it is said', async (t) => {
  const recorded = Array.from({ length: 1001 }, (_, index) => refusal(index))
  const { idsFor } = await setup(t, recorded)
  for (const [query, count] of [
    ['', 100],
    ['?limit=1', 1],
    ['?limit=101', 101],
    ['?limit=1000', 1000],
    ['?repository=team/app&limit=2', 2],
  ] as const) {
    const ids = await idsFor(query)
    assert.equal(ids.length, count, query)
    assert.equal(ids[0], 'request-1000')
  }
})

test('a list is of one repository when one is named', async (t) => {
  const { idsFor } = await setup(t, [
    refusal(1),
    refusal(2, inRepository('team/other')),
    refusal(3),
  ])
  assert.deepEqual(await idsFor('?repository=team/app'), ['request-3', 'request-1'])
  assert.deepEqual(await idsFor('?repository=team/other'), ['request-2'])
  assert.deepEqual(await idsFor('?repository=team/app&repository=team/app'), [
    'request-3',
    'request-1',
  ])
})

test('only repositories that the caller may pull are in a list', async (t) => {
  const recorded = [refusal(1), refusal(2, inRepository('team/secret')), refusal(3)]
  const { get, idsFor } = await setup(t, recorded, watched())
  for (const agent of ['builder', 'watcher']) {
    assert.deepEqual(await idsFor('', asAgent(agent)), ['request-3', 'request-1'])
    assert.deepEqual(await idsFor('?limit=2', asAgent(agent)), ['request-3', 'request-1'])
    const { status, body } = await get('?repository=team/secret', asAgent(agent))
    assert.equal(status, 403)
    assert.equal(body.code, 'repository_denied')
  }
  assert.deepEqual(await idsFor('', asAgent('nobody')), [])
})

test('a repository that the caller may not pull is denied whether anything was refused there or not', async (t) => {
  const { get } = await setup(t, [refusal(1, inRepository('team/secret'))], watched())
  const answers = await Promise.all(
    ['team/secret', 'team/other'].map(async (repository) => {
      const { status, body } = await get(`?repository=${repository}`, asAgent('builder'))
      const detail = body.detail.replace(repository, '')
      return { status, body: { ...body, detail, requestId: '' } }
    }),
  )
  assert.equal(answers[0]?.status, 403)
  assert.deepEqual(answers[0], answers[1])
})

test('agents are named to those who may observe alone', async (t) => {
  const { get } = await setup(t, [refusal(1)], watched())
  for (const query of ['', '?repository=team/app']) {
    const seen = (await get(query, asAgent('watcher'))).body.refusals
    assert.equal(seen[0].agent, 'ci')
    const hidden = (await get(query, asAgent('builder'))).body.refusals
    assert.equal(hidden.length, 1)
    assert.equal('agent' in hidden[0], false)
  }
})

for (const [query, code] of [
  ['?limit=0', 'request_invalid'],
  ['?limit=1001', 'request_invalid'],
  ['?limit=-1', 'request_invalid'],
  ['?limit=1.5', 'request_invalid'],
  ['?limit=1e2', 'request_invalid'],
  ['?limit=', 'request_invalid'],
  ['?limit=1&limit=2', 'request_invalid'],
  ['?repository=', 'repository_missing'],
  ['?repository=A', 'repository_name_invalid'],
  ['?repository=team/app&repository=team/other', 'repository_conflict'],
] as const) {
  test(`${query} is refused, and nothing is looked up`, async (t) => {
    const { refusals, get } = await setup(t)
    const latest = t.mock.method(refusals, 'latest')
    const { status, body } = await get(query)
    assert.equal(status, 400)
    assert.equal(body.code, code)
    assert.equal(latest.mock.callCount(), 0)
  })
}
