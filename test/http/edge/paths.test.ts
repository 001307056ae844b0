import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { array, assert as assertProperty, asyncProperty, constantFrom } from 'fast-check'
import { digestOf } from '../../support/layers.ts'
import { type RunningService, startService } from '../../support/service.ts'
import { agentsWith } from '../../support/two-agents.ts'
import { exchange, head, last } from './support/exchange.ts'

const layer = Buffer.from('hello layer')
const digest = digestOf(layer)

/** Alice may push to one of two repositories that are there. */
async function twoRepositories(t: TestContext): Promise<RunningService> {
  return startService(t, {
    access: agentsWith({ alice: { push: ['team/app'] } }),
    sandbox: { repositories: ['team/app', 'secret/app'] },
  })
}

/** The repositories that anything was allowed in. */
function authorised({ logs }: RunningService): unknown[] {
  const granted = logs().filter(({ msg }) => msg === 'request_authorised')
  return [...new Set(granted.map(({ repository }) => repository))]
}

async function assertSecretKept(service: RunningService): Promise<void> {
  const others = authorised(service).filter((repository) => repository !== 'team/app')
  assert.deepEqual(others, [])
  const named = service.sandbox.calls().filter((call) => JSON.stringify(call).includes('secret'))
  assert.deepEqual(named, [])
  assert.ok(!service.logs().some(({ level }) => level === 'error'))
}

const open = (path: string) => head(`POST ${path} HTTP/1.1`, 'Content-Length: 0')

/** Each is meant to end up in secret/app, or to be read in two ways. */
const refused: Readonly<Record<string, number>> = {
  '/v2/secret/app/blobs/uploads/': 403,
  '/v2/secret%2fapp/blobs/uploads/': 403,
  '/v2/%73ecret/app/blobs/uploads/': 403,
  '/v2/secret%252fapp/blobs/uploads/': 400,
  '/v2/team/../secret/app/blobs/uploads/': 400,
  '/v2/team/app/../../secret/app/blobs/uploads/': 400,
  '/v2/team/app/%2e%2e/%2e%2e/secret/app/blobs/uploads/': 400,
  '/v2/team/app/.%2e/%2e./secret/app/blobs/uploads/': 400,
  '/v2/team/app/..%2f..%2fsecret/app/blobs/uploads/': 400,
  '/v2/team/app/%252e%252e/%252e%252e/secret/app/blobs/uploads/': 400,
  '/v2/team/app/..%252f..%252fsecret/app/blobs/uploads/': 400,
  '/v2/team/app/..%c0%af..%c0%afsecret/app/blobs/uploads/': 400,
  '/v2/team/app/..;/..;/secret/app/blobs/uploads/': 400,
  '/v2/team/app\\..\\..\\secret/app/blobs/uploads/': 400,
  '/v2/team/app%5c..%5c..%5csecret/app/blobs/uploads/': 400,
  '/v2/./secret/app/blobs/uploads/': 400,
  '/v2//secret/app/blobs/uploads/': 400,
  '/v2/secret//app/blobs/uploads/': 400,
  '//v2/secret/app/blobs/uploads/': 404,
  '/./v2/secret/app/blobs/uploads/': 404,
  '/v1/../v2/secret/app/blobs/uploads/': 404,
  '/V2/secret/app/blobs/uploads/': 404,
  '/%76%32/secret/app/blobs/uploads/': 404,
  '/v2%2fsecret/app/blobs/uploads/': 404,
  '/v2/Secret/App/blobs/uploads/': 400,
  '/v2/secret/app;x=y/blobs/uploads/': 400,
  '/v2/team/app;/secret/app/blobs/uploads/': 400,
  '/v2/secret/app%00/blobs/uploads/': 400,
  '/v2/team/app%00/../../secret/app/blobs/uploads/': 400,
  '/v2/team/app%0d%0aX-A:%20b/blobs/uploads/': 400,
  '/v2/secret/app#/blobs/uploads/': 400,
  '/v2/secret/app%23/blobs/uploads/': 400,
  '/v2/secret/app?/blobs/uploads/': 404,
  '/v2/secret/app%3f/blobs/uploads/': 400,
  '/v2/secret/app%20/blobs/uploads/': 400,
  '/v2/secret/app+/blobs/uploads/': 400,
  '/v2/secret/app%/blobs/uploads/': 400,
  '/v2/secret/app%2/blobs/uploads/': 400,
  '/v2/secret/app%zz/blobs/uploads/': 400,
  '/v2/secret/app%2f/blobs/uploads/': 400,
  '/v2/%2fsecret/app/blobs/uploads/': 400,
  '/v2/%EF%BC%8E%EF%BC%8E/secret/app/blobs/uploads/': 400,
  '/v2/s%C3%A9cret/app/blobs/uploads/': 400,
  '/v2/secret/app/blobs%2fuploads/': 404,
  '/v2/secret%2fapp%2fblobs%2fuploads%2f': 404,
  '/v2/secret/app/blobs/uploads/../../../../team/app/blobs/uploads/': 400,
  '/v2/team/app/blobs/uploads/x/../../../../secret/app/blobs/uploads/': 400,
  'http://layergate/v2/secret/app/blobs/uploads/': 404,
  'http://layergate/v2/secret%2fapp/blobs/uploads/': 403,
  'http://secret@layergate/v2/team/app/blobs/uploads/': 404,
  '/v2/secret/app/blobs/uploads/?mount=x&from=team/app': 403,
  '/v2/secret/app/blobs/uploads/?name=team/app&repository=team/app': 403,
  '*': 404,
  [`/v2/${'a/'.repeat(4000)}blobs/uploads/`]: 400,
  [`/v2/${'%61'.repeat(4000)}/blobs/uploads/`]: 400,
  [`/v2/${'../'.repeat(1000)}secret/app/blobs/uploads/`]: 400,
}

for (const [path, status] of Object.entries(refused)) {
  const shown = path.length > 80 ? `${path.slice(0, 80)}…` : path
  test(`${shown} is answered ${status}, and opens nothing`, async (t) => {
    const service = await twoRepositories(t)
    const { statuses } = await exchange(service.port, open(path) + last)
    assert.deepEqual(statuses, [status, 200])
    assert.deepEqual(authorised(service), [])
    assert.deepEqual(service.calls(), [])
    await assertSecretKept(service)
  })
}

/** The same repository, in other letters. */
for (const path of [
  '/v2/team%2Fapp/blobs/uploads/',
  '/v2/team%2fapp/blobs/uploads/',
  '/v2/%74eam/app/blobs/uploads/',
  '/v2/team/app/blobs/uploads',
  '/v2/team/app/blobs/uploads/#secret',
  '/v2/team/app/blobs/uploads/?from=secret/app',
  '/v2/team/app/blobs/uploads/?repository=secret/app&name=secret/app',
]) {
  test(`${path} opens an upload in team/app, for which the policy was asked`, async (t) => {
    const service = await twoRepositories(t)
    const { statuses, text } = await exchange(service.port, open(path) + last)
    assert.deepEqual(statuses, [202, 200])
    assert.match(text, /^location: \/v2\/team\/app\/blobs\/uploads\/[0-9a-f-]{36}\r$/m)
    assert.deepEqual(authorised(service), ['team/app'])
    await assertSecretKept(service)
  })
}

const v1 = `/v1/layers?digest=${digest}&repository=`

for (const [query, status] of [
  ['secret/app', 403],
  ['secret%2fapp', 403],
  ['team/app&repository=secret/app', 400],
  ['secret/app&repository=team/app', 400],
  ['team/app%26repository=secret/app', 400],
  ['team/app;repository=secret/app', 400],
  ['team/app/../../secret/app', 400],
  ['secret%252fapp', 400],
  ['team/app%00secret/app', 400],
  ['team/app%0a', 400],
  ['team/app#', 400],
  ['+secret/app', 400],
  ['secret/app%20', 400],
] as const) {
  test(`a layer for repository=${query} is answered ${status}, and kept nowhere`, async (t) => {
    const service = await twoRepositories(t)
    const request = head(`POST ${v1}${query} HTTP/1.1`, `Content-Length: ${layer.length}`)
    const { statuses } = await exchange(service.port, `${request}hello layer${last}`)
    assert.equal(statuses[0], status)
    assert.deepEqual(service.calls(), [])
    assert.deepEqual(await service.spooledFiles(), [])
    await assertSecretKept(service)
  })
}

const pieces =
  'team app secret v2 blobs uploads manifests x / // .. . %2e %2f %2F %252f %5c \\ %00 %25 % ; # ? & = %20 + : @ %c0%af %ef%bc%8f http://a \xe9 ~'.split(
    ' ',
  )

test('no path of such pieces opens anything but team/app, and none is our fault', async (t) => {
  const service = await twoRepositories(t)
  await assertProperty(
    asyncProperty(
      array(constantFrom(...pieces), { maxLength: 8 }),
      constantFrom('/v2/', '/v2/team/app/', '/v2/secret/app/', '/'),
      constantFrom('/blobs/uploads/', '/secret/app/blobs/uploads/', ''),
      async (middle, start, end) => {
        const path = `${start}${middle.join('')}${end}`
        const { statuses } = await exchange(service.port, open(path) + last)
        assert.ok(
          statuses.every((status) => status < 500),
          path,
        )
        await assertSecretKept(service)
      },
    ),
    { numRuns: 150 },
  )
})
