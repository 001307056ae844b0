import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'

/** What STS was asked. */
export interface StsRequest {
  readonly accessKeyId: string
  readonly form: Readonly<Record<string, string>>
}

export interface StsRefusal {
  readonly code: string
  readonly message: string
  readonly status: number
}

export interface StsStandIn {
  readonly url: URL
  readonly requests: readonly StsRequest[]
  /** Answers are refusals from now on; good ones again with `undefined`. */
  refuse(refusal: StsRefusal | undefined): void
  /** Requests are not answered from now on. */
  hang(): void
}

export interface StsStandInOptions {
  /** When the credentials end that are given out now. */
  readonly expiresAtMs?: () => number
}

/** As much of AWS STS as AssumeRole takes: it gives `ASIA1`, `ASIA2` and so on to whoever asks. */
export async function startSts(
  t: TestContext,
  { expiresAtMs = () => Date.now() + 3_600_000 }: StsStandInOptions = {},
): Promise<StsStandIn> {
  const requests: StsRequest[] = []
  let refusal: StsRefusal | undefined
  let hangs = false

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = Object.fromEntries(new URLSearchParams(await text(request)))
    const { authorization = '' } = request.headers
    requests.push({ accessKeyId: /Credential=([^/]+)/.exec(authorization)?.[1] ?? '', form })
    if (hangs) return
    response.setHeader('content-type', 'text/xml')
    response.setHeader('x-amzn-requestid', refusal ? 'refused' : 'given')
    response.statusCode = refusal?.status ?? 200
    response.end(refusal ? refusalXml(refusal) : credentialsXml(requests.length, expiresAtMs()))
  }

  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    requests,
    refuse(given) {
      refusal = given
    },
    hang() {
      hangs = true
    },
  }
}

function credentialsXml(index: number, expiresAtMs: number): string {
  return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><AssumedRoleId>AROA:session</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/push/session</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>ASIA${index}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token-${index}</SessionToken>
<Expiration>${new Date(expiresAtMs).toISOString()}</Expiration></Credentials></AssumeRoleResult>
<ResponseMetadata><RequestId>request-${index}</RequestId></ResponseMetadata></AssumeRoleResponse>`
}

function refusalXml({ code, message }: StsRefusal): string {
  return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>${code}</Code><Message>${message}</Message></Error><RequestId>refused</RequestId></ErrorResponse>`
}
