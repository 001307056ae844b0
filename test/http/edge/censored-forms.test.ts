import assert from 'node:assert/strict'
import test from 'node:test'
import { censor } from '../../../src/telemetry/censor.ts'

/** Each with what of it must not be left. */
const secretTexts: Readonly<Record<string, readonly [text: string, secret: string]>> = {
  'a token of a CI system': [
    'got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl!',
    'c2lnbmF0dXJl',
  ],
  'one without its signature': ['got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.', 'eyJzdWIiOiJhIn0'],
  'a static token': [`agent lg_${'aB3-_'.repeat(9)} failed`, 'aB3-_aB3'],
  'a session token': [`with IQoJb3JpZ2luX2Vj${'abc/+'.repeat(20)}==.`, 'abc/+abc'],
  'an older session token': [`with FwoGZXIvYXdzEBYaDK${'abc/+'.repeat(20)}.`, 'abc/+abc'],
  'a presigned URL': ['https://a.example/b?X-Amz-Date=1&X-Amz-Signature=fe5f80f7&c=d', 'fe5f80f7'],
  'its session token': ['https://a.example/b?X-Amz-Security-Token=IQoJ%2Fabc&c=d', 'IQoJ%2Fabc'],
  'its credential': ['https://a.example/b?X-Amz-Credential=KEY%2F2026&c=d', 'KEY%2F2026'],
  'a presigned URL in lower case': ['/b?x-amz-signature=fe5f80f7', 'fe5f80f7'],
  'a signed header': ['Credential=KEY/2026, SignedHeaders=host, Signature=fe5f80f7', 'fe5f80f7'],
  'a query with a token': ['GET /token?access_token=sesame&a=b', 'sesame'],
  'a query with nothing but a token': ['GET /a?token=sesame', 'sesame'],
  'a form with a refresh token': ['grant_type=refresh_token&refresh_token=sesame', '=sesame'],
  'a form with a password': ['username=a&password=sesame&service=b', 'sesame'],
  'a client secret': ['client_secret=sesame', 'sesame'],
  'a URL with a password': ['cannot reach https://user:sesame@a.example/b', 'sesame'],
  'a URL with a token as its user': ['https://sesame:x@a.example', 'sesame'],
  'a private key': ['-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----', 'MHcC'],
  'half of a private key': ['key -----BEGIN PRIVATE KEY-----\nMHcC', 'MHcC'],
}

for (const [what, [text, secret]] of Object.entries(secretTexts)) {
  test(`${what} does not get into a log, in a field, a message, or further down`, () => {
    for (const fields of [{ detail: text }, { err: new Error(text) }, { a: [{ b: text }] }]) {
      const logged = JSON.stringify(censor(fields))
      assert.ok(!logged.includes(JSON.stringify(secret).slice(1, -1)), logged)
      assert.ok(logged.includes('[redacted]'), logged)
    }
  })
}

test('what stands around a secret is kept', () => {
  const detail = 'cannot reach https://user:sesame@a.example/b?token=x&c=d: refused'
  assert.deepEqual(censor({ detail }), {
    detail: 'cannot reach https://[redacted]@a.example/b?[redacted]&c=d: refused',
  })
})

for (const name of [
  'apiKey',
  'x-api-key',
  'clientSecret',
  'passphrase',
  'privateKey',
  'signature',
]) {
  test(`a field called ${name} is not logged`, () => {
    assert.deepEqual(censor({ [name]: 'sesame' }), { [name]: '[redacted]' })
  })
}

test('what only resembles a secret is kept', () => {
  const fields = {
    digest: `sha256:${'a5'.repeat(32)}`,
    url: 'https://a.example:8443/v2/team/app/tags/list?n=1&last=v1',
    detail: 'The token has no signature: eyJ is how one begins, and lg_ one of ours.',
    address: 'somebody@a.example',
    tokenId: '0c5a5b0e-5d0c-4b0e-9a6e-2f6d6d9d7c11',
    challenge: 'realm="https://a.example/token",service="layergate"',
    certificate: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
  }
  assert.equal(censor(fields), fields)
})

test('a long text that only begins like secrets is read in time that grows with its length', () => {
  for (const piece of [
    'eyJ',
    'https://',
    'token=',
    '://a:',
    '-----BEGIN PRIVATE KEY-----',
    'lg_',
  ]) {
    const detail = piece.repeat(200_000)
    const startedAt = process.cpuUsage()
    censor({ detail })
    assert.ok(process.cpuUsage(startedAt).user < 10_000_000, piece)
  }
})
