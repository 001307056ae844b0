import assert from 'node:assert/strict'
import { createHmac, createPublicKey, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { PolicyIssuer } from '../../../src/access/policy/policy.ts'
import { hasCode } from '../../../src/registry/errors.ts'
import { codeIs } from '../../support/code-is.ts'
import {
  audience,
  discoveryPath,
  issuedAt,
  type IssuerOptions,
  json,
  keysPath,
  type SignOptions,
  startOidcIssuer,
} from '../../support/oidc-issuer.ts'
import { policyOf, setupCredentials } from './support/setup-credentials.ts'

const nowSeconds = issuedAt.getTime() / 1000

/** One issuer in the policy, and its tokens at the door. */
async function setup(
  t: TestContext,
  change: Partial<PolicyIssuer> = {},
  options: IssuerOptions = {},
) {
  const issuer = await startOidcIssuer(t, options)
  const credentials = setupCredentials(policyOf([], [{ ...issuer.inPolicy, ...change }]))
  return { ...issuer, ...credentials }
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'layergate-jwks-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

const invalid = codeIs('credentials_invalid')
const unavailable = codeIs('issuer_unavailable')

function invalidFor(why: RegExp) {
  return (error: unknown) => hasCode(error, 'credentials_invalid') && why.test(error.message)
}

for (const algorithm of ['RS256', 'ES256', 'EdDSA'] as const) {
  test(`a token signed with ${algorithm} proves a workload`, async (t) => {
    const { sign, checkToken, url } = await setup(t, {}, { algorithms: [algorithm] })
    const token = await sign({ ref: 'refs/heads/main', jti: 'run-1' }, { algorithm })
    assert.deepEqual(await checkToken(token), {
      identity: {
        kind: 'workload',
        issuer: 'ci',
        subject: 'repo:acme/app',
        claims: {
          iss: url,
          aud: audience,
          sub: 'repo:acme/app',
          ref: 'refs/heads/main',
          jti: 'run-1',
        },
      },
      tokenId: 'run-1',
    })
  })
}

test('an audience may be one of several', async (t) => {
  const { sign, checkToken } = await setup(t)
  await checkToken(await sign({ aud: ['other', audience] }))
})

describe('claims', () => {
  for (const [what, claims, why] of [
    ['another audience', { aud: 'other' }, /claim aud/],
    ['several other audiences', { aud: ['other', 'others'] }, /claim aud/],
    ['no audience', { aud: undefined }, /no claim aud/],
    ['no end', { exp: undefined }, /no claim exp/],
    ['an end that is no number', { exp: 'tomorrow' }, /claim exp/],
    ['an end long ago', { exp: nowSeconds - 60 }, /expired/],
    ['no time of issue', { iat: undefined }, /no claim iat/],
    ['a time of issue to come', { iat: nowSeconds + 61 }, /claim iat/],
    ['a time of issue a day ago', { iat: nowSeconds - 86_461 }, /more than 24 h ago/],
    ['a beginning to come', { nbf: nowSeconds + 61 }, /claim nbf/],
    ['no subject', { sub: undefined }, /no claim sub/],
    ['an empty subject', { sub: '' }, /claim sub/],
    ['a subject that is no text', { sub: 7 }, /claim sub|not valid/],
    ['a subject that is too long', { sub: 'x'.repeat(1025) }, /claim sub/],
    [
      'too many claims',
      Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`c${index}`, 'x'.repeat(100)])),
      /too large/,
    ],
  ] as const) {
    test(`a token with ${what} is refused`, async (t) => {
      const { sign, checkToken } = await setup(t)
      await assert.rejects(checkToken(await sign(claims)), invalidFor(why))
    })
  }

  for (const [what, claims] of [
    ['ended', { exp: nowSeconds - 59 }],
    ['will be issued', { iat: nowSeconds + 59 }],
    ['will begin', { nbf: nowSeconds + 59 }],
  ] as const) {
    test(`a token that ${what} less than a minute away is taken`, async (t) => {
      const { sign, checkToken } = await setup(t)
      await checkToken(await sign(claims))
    })
  }

  test('a token that is good for a week is taken for a day', async (t) => {
    const { sign, checkToken, move } = await setup(t)
    const token = await sign({ exp: nowSeconds + 7 * 86_400 })
    move(86_400_000)
    await checkToken(token)
    move(61_000)
    await assert.rejects(checkToken(token), invalidFor(/more than 24 h ago/))
  })

  test('what is said about a refused token names no value of it', async (t) => {
    const { sign, checkToken } = await setup(t)
    const token = await sign({ aud: 'planted-secret', sub: 'planted-secret' })
    await assert.rejects(checkToken(token), (error: Error) => {
      assert.doesNotMatch(`${error.message}${String(error.cause)}`, /planted-secret/)
      return true
    })
  })
})

describe('algorithms', () => {
  for (const alg of ['none', 'None', 'nOnE']) {
    test(`a token that is signed by ${alg} is refused`, async (t) => {
      const { sign, checkToken } = await setup(t)
      const [, content] = (await sign()).split('.')
      for (const signature of ['', 'AAAA']) {
        const token = `${segment({ alg })}.${content}.${signature}`
        await assert.rejects(checkToken(token), invalid)
      }
    })
  }

  test('a token that is signed with the public key for a secret is refused', async (t) => {
    const { sign, checkToken, keys } = await setup(t)
    const [, content] = (await sign()).split('.')
    const [jwk = {}] = keys()
    const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' })
    const secrets = [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(jwk),
    ]
    for (const secret of secrets) {
      const signed = `${segment({ alg: 'HS256', kid: jwk.kid })}.${content}`
      const signature = createHmac('sha256', secret).update(signed).digest('base64url')
      await assert.rejects(checkToken(`${signed}.${signature}`), invalidFor(/algorithm/))
    }
  })

  test('a secret among the published keys signs nothing', async (t) => {
    const { sign, checkToken, keys, publish, url } = await setup(t)
    const secret = Buffer.alloc(32, 1)
    publish([...keys(), { kty: 'oct', kid: 'shared', k: secret.toString('base64url') }])
    await checkToken(await sign())
    const token = await new SignJWT({ iss: url, aud: audience, sub: 'x', iat: nowSeconds })
      .setProtectedHeader({ alg: 'HS256', kid: 'shared' })
      .setExpirationTime(nowSeconds + 300)
      .sign(secret)
    await assert.rejects(checkToken(token), invalid)
  })
})

describe('headers', () => {
  test('demands are not met', async (t) => {
    const { sign, checkToken } = await setup(t)
    const header = { crit: ['urn:demand'], 'urn:demand': true }
    await assert.rejects(checkToken(await sign({}, { header })), invalidFor(/demands/))
  })

  test('a key that comes with the token, or that it leads to, is not looked at', async (t) => {
    const attacker = await startOidcIssuer(t)
    const { url, checkToken, fetches } = await setup(t)
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const jwk = { ...(await exportJWK(publicKey)), kid: 'ES256-1', alg: 'ES256' }
    attacker.publish([jwk])
    const certificate = Buffer.from('certificate').toString('base64')
    for (const trick of [
      { jwk },
      { jku: attacker.url + keysPath },
      { x5u: attacker.url + keysPath },
      { x5c: [certificate] },
      { jwk, kid: `${attacker.url}${keysPath}` },
    ]) {
      const claims = { iss: url, aud: audience, sub: 'x', iat: nowSeconds, exp: nowSeconds + 60 }
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'ES256-1', ...trick })
        .sign(privateKey)
      await assert.rejects(checkToken(token), invalid)
    }
    assert.equal(attacker.requests.length, 0)
    assert.equal(fetches(keysPath), 1)
  })

  test('an issuer that the policy does not know is not asked', async (t) => {
    const stranger = await startOidcIssuer(t)
    const { checkToken, requests } = await setup(t)
    await assert.rejects(checkToken(await stranger.sign()), invalid)
    assert.equal(stranger.requests.length, 0)
    assert.equal(requests.length, 0)
  })

  test('a token of one issuer that says it is of another is refused', async (t) => {
    const stranger = await startOidcIssuer(t)
    const { checkToken, url } = await setup(t)
    await assert.rejects(checkToken(await stranger.sign({ iss: url })), invalidFor(/signature/))
  })

  for (const kid of ['../../etc/passwd', '/dev/null', 'http://127.0.0.1/keys', "' OR 1=1", '']) {
    test(`the name of a key may be ${JSON.stringify(kid)}: there is no such one`, async (t) => {
      const { sign, checkToken } = await setup(t)
      await assert.rejects(
        checkToken(await sign({}, { header: { kid } })),
        invalidFor(/no such key/),
      )
    })
  }

  for (const kid of [7, null, ['ES256-1'], { a: 1 }]) {
    test(`the name of a key may not be ${JSON.stringify(kid)}`, async (t) => {
      const { sign, checkToken } = await setup(t)
      const [, content, signature] = (await sign()).split('.')
      const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid })).toString('base64url')
      await assert.rejects(checkToken(`${header}.${content}.${signature}`), invalid)
    })
  }

  test('the name of a key of another kind is no use', async (t) => {
    const { sign, checkToken } = await setup(t)
    const token = await sign({}, { algorithm: 'EdDSA', header: { kid: 'ES256-1' } })
    await assert.rejects(checkToken(token), invalid)
  })
})

describe('keys', () => {
  test('they are fetched once, whatever the number of tokens', async (t) => {
    const { sign, checkToken, fetches } = await setup(t)
    const tokens = await Promise.all(Array.from({ length: 10 }, () => sign({ jti: randomUUID() })))
    await Promise.all(tokens.map((token) => checkToken(token)))
    await checkToken(await sign())
    assert.deepEqual([fetches(discoveryPath), fetches(keysPath)], [1, 1])
  })

  test('a key that is new is fetched when a token names it', async (t) => {
    const { sign, checkToken, rotate, move, fetches } = await setup(t)
    const old = await sign()
    await checkToken(old)
    await rotate()
    move(30_000)
    await checkToken(await sign())
    await assert.rejects(checkToken(old), invalidFor(/no such key/))
    assert.equal(fetches(keysPath), 2)
  })

  test('a key that was withdrawn is no good after ten minutes', async (t) => {
    const { sign, checkToken, rotate, move } = await setup(t)
    const old = await sign({ exp: nowSeconds + 3600 })
    await checkToken(old)
    await rotate()
    move(600_000 - 1)
    await checkToken(old)
    move(1)
    await assert.rejects(checkToken(old), invalidFor(/no such key/))
  })

  test('a storm of keys that nobody has makes few fetches', async (t) => {
    const { sign, checkToken, fetches, move } = await setup(t)
    await checkToken(await sign())
    for (let count = 0; count < 60; count += 1) {
      const token = await sign({}, { algorithm: 'EdDSA', header: { kid: `made-up-${count}` } })
      await assert.rejects(checkToken(token), invalid)
      move(1000)
    }
    assert.equal(fetches(keysPath), 2)
    await checkToken(await sign())
  })

  test('of two keys under one name the right one is found', async (t) => {
    const { sign, checkToken, keys, publish } = await setup(t)
    const other = await startOidcIssuer(t)
    publish([...other.keys(), ...keys()])
    await checkToken(await sign())
    await assert.rejects(checkToken(await sign({ aud: 'other' })), invalidFor(/aud/))
  })

  test('where two keys have one name, the token of neither is refused', async (t) => {
    const { checkToken, keys, publish, url } = await setup(t)
    const [other, third] = [await startOidcIssuer(t), await startOidcIssuer(t)]
    publish([...other.keys(), ...keys()])
    await assert.rejects(checkToken(await third.sign({ iss: url })), invalidFor(/signature/))
  })

  test('where keys have no names, a new one is found too', async (t) => {
    const { sign, checkToken, keys, publish, rotate, move } = await setup(t)
    const nameless = () => keys().map((jwk) => Object.assign(jwk, { kid: undefined }))
    const options: SignOptions = { header: { kid: undefined } }
    publish(nameless())
    await checkToken(await sign({}, options))
    await rotate()
    publish(nameless())
    move(30_000)
    await checkToken(await sign({}, options))
  })

  test('a key that nobody can read is no key', async (t) => {
    const { checkToken, publish, url } = await setup(t)
    const pair = await generateKeyPair('ES256')
    publish([{ ...(await exportJWK(pair.publicKey)), crv: 'P-999', kid: 'odd' }])
    const token = await new SignJWT({ iss: url, aud: audience, sub: 'x' })
      .setProtectedHeader({ alg: 'ES256', kid: 'odd' })
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + 60)
      .sign(pair.privateKey)
    await assert.rejects(checkToken(token), invalid)
  })
})

describe('a key server that is down', () => {
  test('before the first fetch: the issuer is unavailable, and the log learns why', async (t) => {
    const { sign, checkToken, goDown, failures, pausesMs } = await setup(t)
    goDown()
    const token = await sign()
    await assert.rejects(checkToken(token), unavailable)
    await assert.rejects(checkToken(token), unavailable)
    assert.equal(failures.length, 1)
    assert.match(failures[0] ?? '', /^ci: .*openid-configuration: socket hang up/)
    assert.deepEqual(pausesMs, [])
  })

  test('when it is back, so is the issuer', async (t) => {
    const { sign, checkToken, goDown, comeUp, move } = await setup(t)
    goDown()
    await assert.rejects(checkToken(await sign()), unavailable)
    comeUp()
    move(30_000)
    await checkToken(await sign())
  })

  test('after the first fetch: its keys are taken for a day', async (t) => {
    let nowMs = issuedAt.getTime()
    const { sign, checkToken, goDown, move } = await setup(t, {}, { now: () => new Date(nowMs) })
    const pass = (ms: number) => {
      nowMs += ms
      move(ms)
    }
    await checkToken(await sign())
    goDown()
    pass(86_400_000 - 1)
    await checkToken(await sign())
    pass(1)
    await assert.rejects(checkToken(await sign()), unavailable)
  })

  test('whether an unknown key is a new one cannot be said', async (t) => {
    const { sign, checkToken, goDown, rotate, move } = await setup(t)
    await checkToken(await sign())
    goDown()
    await rotate()
    move(30_000)
    await assert.rejects(checkToken(await sign()), unavailable)
  })
})

describe('where keys come from', () => {
  for (const [what, document] of [
    [
      'of another issuer',
      (url: string) => ({ issuer: 'https://ci.example', jwks_uri: url + keysPath }),
    ],
    ['with a slash too many', (url: string) => ({ issuer: `${url}/`, jwks_uri: url + keysPath })],
    ['without keys', (url: string) => ({ issuer: url })],
    ['with keys at no URL', (url: string) => ({ issuer: url, jwks_uri: 'keys' })],
    ['with keys in a file', (url: string) => ({ issuer: url, jwks_uri: 'file:///etc/keys' })],
    [
      'with keys over a line that anybody may change',
      (url: string) => ({ issuer: url, jwks_uri: 'http://ci.invalid/keys' }),
    ],
    ['that is a list', () => []],
  ] as const) {
    test(`a discovery ${what} is no help`, async (t) => {
      const { sign, checkToken, answer, url, fetches } = await setup(t)
      answer(discoveryPath, json(document(url)))
      await assert.rejects(checkToken(await sign()), unavailable)
      assert.equal(fetches(keysPath), 0)
    })
  }

  test('an issuer whose name ends with a slash has its discovery below it', async (t) => {
    const issuer = await startOidcIssuer(t)
    const name = `${issuer.url}/`
    issuer.answer(discoveryPath, json({ issuer: name, jwks_uri: issuer.url + keysPath }))
    const { checkToken } = setupCredentials(policyOf([], [{ ...issuer.inPolicy, issuer: name }]))
    await checkToken(await issuer.sign({ iss: name }))
    await assert.rejects(checkToken(await issuer.sign()), invalid)
  })

  test('with jwksUri there is no discovery', async (t) => {
    const issuer = await startOidcIssuer(t)
    const jwksUri = new URL(issuer.url + keysPath)
    const { checkToken } = setupCredentials(policyOf([], [{ ...issuer.inPolicy, jwksUri }]))
    await checkToken(await issuer.sign())
    assert.deepEqual([issuer.fetches(discoveryPath), issuer.fetches(keysPath)], [0, 1])
  })

  test('with jwksFile nobody is asked, and a file that has changed is read again', async (t) => {
    const issuer = await startOidcIssuer(t)
    const jwksFile = join(await folder(t), 'jwks.json')
    const write = () => writeFile(jwksFile, JSON.stringify({ keys: issuer.keys() }))
    await write()
    const { checkToken, move } = setupCredentials(policyOf([], [{ ...issuer.inPolicy, jwksFile }]))
    const old = await issuer.sign()
    await checkToken(old)
    await issuer.rotate()
    await write()
    move(1000)
    await checkToken(await issuer.sign())
    await assert.rejects(checkToken(old), invalid)
    assert.equal(issuer.requests.length, 0)
  })

  test('a jwksFile that is broken for a while leaves the keys as they were', async (t) => {
    const issuer = await startOidcIssuer(t)
    const jwksFile = join(await folder(t), 'jwks.json')
    await writeFile(jwksFile, JSON.stringify({ keys: issuer.keys() }))
    const { checkToken, move, failures } = setupCredentials(
      policyOf([], [{ ...issuer.inPolicy, jwksFile }]),
    )
    await checkToken(await issuer.sign())
    await writeFile(jwksFile, '{"keys":')
    move(1000)
    await checkToken(await issuer.sign())
    assert.equal(failures.length, 1)
    assert.ok(failures[0]?.includes(jwksFile))
  })

  test("the token for the key server goes to the policy's server alone", async (t) => {
    const issuer = await startOidcIssuer(t)
    const other = await startOidcIssuer(t)
    other.publish(issuer.keys())
    issuer.answer(discoveryPath, json({ issuer: issuer.url, jwks_uri: other.url + keysPath }))
    const tokenFile = join(await folder(t), 'token')
    await writeFile(tokenFile, 'secret')
    const { checkToken } = setupCredentials(policyOf([], [{ ...issuer.inPolicy, tokenFile }]))
    await checkToken(await issuer.sign())
    assert.equal(issuer.requests[0]?.headers.authorization, 'Bearer secret')
    assert.equal(other.requests.length, 1)
    assert.equal(other.requests[0]?.headers.authorization, undefined)
  })

  test('a policy that was read anew fetches no keys again, unless they come from elsewhere', async (t) => {
    const { inPolicy, sign, checkToken, use, fetches, url } = await setup(t)
    await checkToken(await sign())
    use(policyOf([], [{ ...inPolicy, rules: [] }]))
    await checkToken(await sign())
    assert.equal(fetches(keysPath), 1)
    use(policyOf([], [{ ...inPolicy, jwksUri: new URL(url + keysPath) }]))
    await checkToken(await sign())
    assert.equal(fetches(keysPath), 2)
  })

  test('an issuer that left the policy is unknown, and its keys are forgotten', async (t) => {
    const { inPolicy, sign, checkToken, use, fetches } = await setup(t)
    const other = await startOidcIssuer(t)
    await checkToken(await sign())
    use(policyOf([], [other.inPolicy]))
    await assert.rejects(checkToken(await sign()), invalid)
    await checkToken(await other.sign())
    use(policyOf([], [other.inPolicy, inPolicy]))
    await checkToken(await sign())
    assert.equal(fetches(keysPath), 2)
  })

  test('of two issuers with one name, it is the one whose audience the token has', async (t) => {
    const { inPolicy, sign, checkToken, use } = await setup(t)
    use(policyOf([], [inPolicy, { ...inPolicy, name: 'deploy', audience: 'deploy' }]))
    const issuerOf = async (aud: unknown) => {
      const { identity } = await checkToken(await sign({ aud }))
      return identity.kind === 'workload' && identity.issuer
    }
    assert.equal(await issuerOf(audience), 'ci')
    assert.equal(await issuerOf('deploy'), 'deploy')
    assert.equal(await issuerOf(['x', 'deploy']), 'deploy')
    await assert.rejects(issuerOf('other'), invalidFor(/aud/))
  })
})
