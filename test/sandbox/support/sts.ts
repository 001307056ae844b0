import type { ECRPUBLIC } from '@aws-sdk/client-ecr-public'
import { fromTemporaryCredentials, fromWebToken } from '@aws-sdk/credential-providers'
import type { TestContext } from 'node:test'
import {
  type Sandbox,
  type SandboxCredentials,
  sandboxCredentials,
  type SandboxOptions,
  type SandboxRole,
} from '../../../src/sandbox/sandbox.ts'
import { openClient, openSandbox } from './open-sandbox.ts'
import { type RawAnswer, type RawCall, rawCall } from './raw-call.ts'

export const roleArn = 'arn:aws:iam::123456789012:role/ci/push'
export const otherAccountId = '210987654321'
export const otherRoleArn = `arn:aws:iam::${otherAccountId}:role/push`

export interface Assuming {
  readonly arn?: string
  readonly externalId?: string
  readonly sessionName?: string
  readonly durationSeconds?: number
  readonly source?: SandboxCredentials | ReturnType<typeof fromTemporaryCredentials>
}

/** The SDK's credentials of an assumed role. */
export function roleCredentials({ url }: Sandbox, assuming: Assuming = {}) {
  const { arn = roleArn, externalId, sessionName = 'layergate-acme' } = assuming
  const { durationSeconds, source = sandboxCredentials } = assuming
  return fromTemporaryCredentials({
    masterCredentials: source,
    params: {
      RoleArn: arn,
      RoleSessionName: sessionName,
      ...(externalId === undefined ? {} : { ExternalId: externalId }),
      ...(durationSeconds === undefined ? {} : { DurationSeconds: durationSeconds }),
    },
    clientConfig: { endpoint: url, region: 'us-east-1', maxAttempts: 1 },
  })
}

/** The SDK's credentials of a role assumed with an OIDC token. */
export const webCredentials = ({ url }: Sandbox, webIdentityToken: string, arn = roleArn) =>
  fromWebToken({
    roleArn: arn,
    webIdentityToken,
    roleSessionName: 'pod',
    clientConfig: { endpoint: url, region: 'us-east-1', maxAttempts: 1 },
  })

/** A sandbox with one role, and a client that has assumed it. */
export async function openAsRole(
  t: TestContext,
  role: Partial<SandboxRole> = {},
  options: SandboxOptions = {},
): Promise<{ sandbox: Sandbox; client: ECRPUBLIC }> {
  const arn = role.arn ?? roleArn
  const sandbox = await openSandbox(t, { roles: [{ ...role, arn }], ...options })
  const credentials = roleCredentials(sandbox, { arn })
  return { sandbox, client: openClient(t, sandbox, { credentials }) }
}

/** A form as the AWS CLI would send it, signed for STS. */
export function stsCall(
  sandbox: Sandbox,
  form: Readonly<Record<string, string>>,
  { headers, ...call }: RawCall = {},
): Promise<RawAnswer> {
  const today = new Date(call.atMs ?? Date.now()).toISOString().slice(0, 10).replaceAll('-', '')
  return rawCall(sandbox, {
    operation: null,
    body: new URLSearchParams({ Version: '2011-06-15', ...form }).toString(),
    scope: `${today}/us-east-1/sts/aws4_request`,
    ...call,
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', ...headers },
  })
}

/** Status and code of an answer in the error form of the query protocol. */
export const stsErrorOf = ({ status, body }: RawAnswer): readonly [number, string | undefined] => [
  status,
  /<Error><Type>Sender<\/Type><Code>(\w+)<\/Code>/.exec(body)?.[1],
]
