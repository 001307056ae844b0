import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { sandboxCredentials } from '../../../src/sandbox/sandbox.ts'
import { layerBytes } from '../../support/layers.ts'
import { ociClient } from '../../support/oci-client.ts'
import { audience, startOidcIssuer } from '../../support/oidc-issuer.ts'
import { policyOf } from '../../support/policy-of.ts'
import { until } from '../../support/until.ts'
import { startTraced } from '../../telemetry/traces/setup.ts'
import { imageOf, pushImage } from '../oci/support/images.ts'
import { startRecordingRelay } from './support/recording-relay.ts'
import { assertNowhere, writtenPlaces } from './support/written-places.ts'

const roleArn = 'arn:aws:iam::123456789012:role/push'
const externalId = 'external-id-of-the-role'
const keyServerToken = 'token-of-a-service-account-that-reads-keys'

/** One who needs every secret that the service has: a role, the registry, and a key server that wants a token. */
async function setUp(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-'))
  t.after(() => rm(folder, { recursive: true }))
  const tokenFile = join(folder, 'token')
  await writeFile(tokenFile, keyServerToken)
  const issuer = await startOidcIssuer(t, { now: () => new Date() })
  const rule = {
    name: 'main',
    claims: { team: 'one' },
    grants: [{ repositories: ['team/*'], actions: ['push', 'observe'] }],
  }
  const { env } = await policyOf(
    t,
    { staying: { push: ['team/app'] } },
    {
      destinations: [{ name: 'default', repositories: ['**'], roleArn, externalId }],
      issuers: [{ name: 'ci', issuer: issuer.url, audience, tokenFile, rules: [rule] }],
    },
  )
  const relay = await startRecordingRelay(t)
  const audit: string[] = []
  const service = await startTraced(t, {
    env: { ...env, LAYERGATE_UPSTREAM_ENDPOINT: relay.url },
    timing: { parkMs: 50, postponeMs: 50 },
    audit: (line) => void audit.push(line),
    sandbox: { roles: [{ arn: roleArn, externalId }] },
  })
  relay.to(service.sandbox.url)
  await service.service.openControl()
  const ciToken = await issuer.sign({ team: 'one' })
  return { service, audit, relay, issuer, ciToken }
}

/** Each of them once; AWS gives new ones when the first do no more. */
function secretsIn(answers: string): Readonly<Record<string, string>> {
  const patterns = {
    'secret key of the role': /<SecretAccessKey>([^<]+)</g,
    'session token of the role': /<SessionToken>([^<]+)</g,
    'token of the registry': /"authorizationToken":"([^"]+)"/g,
  }
  const found = Object.entries(patterns).flatMap(([name, pattern]) => {
    const values = [...answers.matchAll(pattern)].map(([, value = '']) => value)
    assert.ok(values.length > 0, `AWS gave no ${name}`)
    return values.map((value, index) => [`${name}, ${index + 1}`, value] as const)
  })
  return Object.fromEntries(found)
}

test('no secret that the service gets from AWS or sends anywhere is written, whatever fails', async (t) => {
  const { service, audit, relay, issuer, ciToken } = await setUp(t)
  const { url, sandbox, metric } = service
  const headers = { authorization: `Bearer ${ciToken}` }
  const client = ociClient(url, { headers })
  await pushImage(client, imageOf([layerBytes(100)]), 'v1')
  assert.equal((await client.send('GET', '/v2/team/app/tags/list')).status, 200)

  // Answers that name credentials, and failures that are told of with all that is known of them.
  for (const [operation, kind] of [
    ['InitiateLayerUpload', 'expired-credentials'],
    ['ListTags', 'expired-credentials'],
    ['PutImage', 'html-503'],
  ] as const) {
    sandbox.addFault({ operation, call: 'every', fault: { kind } })
  }
  await client.push(layerBytes(200))
  await until('it is parked', async () => (await metric('layergate_forwards_parked')) === 1)
  assert.equal((await client.send('GET', '/v2/team/app/tags/list')).status, 502)

  const sent = issuer.requests.map(({ headers: { authorization } }) => authorization)
  assert.ok(sent.includes(`Bearer ${keyServerToken}`))
  const secrets = {
    ...secretsIn(relay.answers()),
    'our own secret key': sandboxCredentials.secretAccessKey,
    'external id': externalId,
    'token of the key server': keyServerToken,
    'CI token': ciToken,
  }
  assertNowhere(secrets, await writtenPlaces({ service, audit, ...headers }))
})
