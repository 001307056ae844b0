import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { SandboxCredentials } from './credentials.ts'
import { type ApiException, exception } from './exceptions.ts'

/** AWS refuses a signature whose time is further than this from its own, either way. */
const maxClockSkewMs = 5 * 60_000

export interface SignedRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: NodeJS.Dict<string[]>
  readonly bodySha256: string
}

export interface Verifier {
  readonly credentialsOf: (accessKeyId: string) => SandboxCredentials | undefined
  readonly service: string
  readonly region: string
  readonly nowMs: number
}

interface Authorization {
  readonly accessKeyId: string
  readonly scope: readonly string[]
  readonly signedHeaders: readonly string[]
  readonly signature: string
}

/**
 * Verifies AWS Signature Version 4 ("Signature Version 4 signing process", AWS IAM User Guide) in the Authorization header.
 * @returns the access key id
 * @throws ApiException with the name that the JSON API gives for what is wrong
 */
export function verifySignature(request: SignedRequest, verifier: Verifier): string {
  const authorization = parseAuthorization(request.headers)
  const credentials = findCredentials(authorization.accessKeyId, request, verifier)
  const date = header(request, 'x-amz-date')
  checkDate(date, verifier.nowMs)
  checkScope(authorization.scope, date, verifier)
  checkSignedHeaders(authorization.signedHeaders, request)

  const claimedSha256 = header(request, 'x-amz-content-sha256')
  if (claimedSha256 !== '' && claimedSha256 !== request.bodySha256) {
    throw invalid("The 'x-amz-content-sha256' header does not match the digest of the body.")
  }
  const expected = sign(credentials.secretAccessKey, authorization, request, date)
  const actual = Buffer.from(authorization.signature, 'hex')
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) {
    throw invalid(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
    )
  }
  return authorization.accessKeyId
}

/** The access key id that a request claims, unverified. */
export function claimedAccessKeyId(authorization: string | undefined): string | undefined {
  return /Credential=([^/,\s]+)\//.exec(authorization ?? '')?.[1]
}

function parseAuthorization(headers: NodeJS.Dict<string[]>): Authorization {
  const value = headers['authorization']?.[0]
  if (!value) {
    throw exception('MissingAuthenticationTokenException', 'Missing Authentication Token')
  }
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]+)$/.exec(
      value,
    )
  const [, accessKeyId, scope, signedHeaders, signature] = match ?? []
  if (!accessKeyId || !scope || !signedHeaders || !signature) {
    throw exception(
      'IncompleteSignatureException',
      'Authorization header requires Credential, SignedHeaders and Signature of AWS4-HMAC-SHA256.',
    )
  }
  return {
    accessKeyId,
    scope: scope.split('/'),
    signedHeaders: signedHeaders.split(';').toSorted(),
    signature,
  }
}

function findCredentials(
  accessKeyId: string,
  request: SignedRequest,
  { credentialsOf, nowMs }: Verifier,
): SandboxCredentials {
  const found = credentialsOf(accessKeyId)
  if (!found || header(request, 'x-amz-security-token') !== (found.sessionToken ?? '')) {
    throw unknownToken()
  }
  if (found.expiresAtMs !== undefined && nowMs >= found.expiresAtMs) throw expiredToken()
  return found
}

export function unknownToken(): ApiException {
  return exception(
    'UnrecognizedClientException',
    'The security token included in the request is invalid.',
  )
}

export function expiredToken(): ApiException {
  return exception('ExpiredTokenException', 'The security token included in the request is expired')
}

function checkDate(date: string, nowMs: number): void {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date)
  if (!match) {
    throw exception('IncompleteSignatureException', "Date must be in ISO-8601 'basic format'.")
  }
  const [, year, month, day, hour, minute, second] = match
  const signedAtMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  const skewMs = nowMs - signedAtMs
  // The SDKs read these two sentences' exception as clock skew and correct themselves by the Date header.
  if (skewMs > maxClockSkewMs) {
    const oldest = basicFormat(nowMs - maxClockSkewMs)
    throw invalid(
      `Signature expired: ${date} is now earlier than ${oldest} (${basicFormat(nowMs)} - 5 min.)`,
    )
  }
  if (-skewMs > maxClockSkewMs) {
    const newest = basicFormat(nowMs + maxClockSkewMs)
    throw invalid(
      `Signature not yet current: ${date} is still later than ${newest} (${basicFormat(nowMs)} + 5 min.)`,
    )
  }
}

function checkScope(scope: readonly string[], date: string, { region, service }: Verifier): void {
  const wanted = [date.slice(0, 8), region, service, 'aws4_request']
  if (scope.join('/') !== wanted.join('/')) {
    throw invalid(`Credential should be scoped to '${wanted.join('/')}', not '${scope.join('/')}'.`)
  }
}

function checkSignedHeaders(signedHeaders: readonly string[], request: SignedRequest): void {
  const whereSent = ['x-amz-target', 'x-amz-content-sha256', 'x-amz-security-token']
  const required = [
    'host',
    'x-amz-date',
    ...whereSent.filter((name) => header(request, name) !== ''),
  ]
  const unsigned = required.filter((name) => !signedHeaders.includes(name))
  if (unsigned.length > 0) throw invalid(`'${unsigned.join("', '")}' must be a signed header.`)
}

function sign(
  secretAccessKey: string,
  { scope, signedHeaders }: Authorization,
  request: SignedRequest,
  date: string,
): Buffer {
  const canonicalRequest = [
    request.method,
    request.path,
    request.query.split('&').toSorted().join('&'),
    ...signedHeaders.map((name) => `${name}:${header(request, name)}`),
    '',
    signedHeaders.join(';'),
    request.bodySha256,
  ].join('\n')
  const digest = createHash('sha256').update(canonicalRequest).digest('hex')
  const stringToSign = ['AWS4-HMAC-SHA256', date, scope.join('/'), digest].join('\n')
  const key = scope.reduce<Buffer | string>(hmac, `AWS4${secretAccessKey}`)
  return hmac(key, stringToSign)
}

const hmac = (key: Buffer | string, data: string): Buffer =>
  createHmac('sha256', key).update(data).digest()

const header = (request: SignedRequest, name: string): string =>
  (request.headers[name] ?? []).map((value) => value.trim().replaceAll(/ +/g, ' ')).join(',')

const basicFormat = (timeMs: number): string =>
  `${new Date(timeMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`

const invalid = (message: string): ApiException => exception('InvalidSignatureException', message)
