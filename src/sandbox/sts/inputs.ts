import { integer, type Read, type Shape, ShapeError, structure, text } from '../shapes.ts'
import { stsError } from './errors.ts'

// Lengths and patterns are those of the API model "sts-2011-06-15".
const RoleArn = text({ min: 20, max: 2048 })
const RoleSessionName = text({ min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ })
const ExternalId = text({ min: 2, max: 1224, pattern: /^[\w+=,.@:/-]*$/ })
const seconds = integer({ min: 900, max: 43_200 })
const DurationSeconds: Shape<number> = (value, at) =>
  seconds(typeof value === 'string' && /^[0-9]+$/.test(value) ? Number(value) : value, at)

export const stsInputs = {
  AssumeRole: structure({ RoleArn, RoleSessionName }, { ExternalId, DurationSeconds }),
  AssumeRoleWithWebIdentity: structure(
    { RoleArn, RoleSessionName, WebIdentityToken: text({ min: 4, max: 20_000 }) },
    { DurationSeconds },
  ),
  GetCallerIdentity: structure({}, {}),
}

export type StsAction = keyof typeof stsInputs
export type StsInput<A extends StsAction> = Read<(typeof stsInputs)[A]>

export const isStsAction = (name: string): name is StsAction => Object.hasOwn(stsInputs, name)

/** @throws ApiException ValidationError, MalformedPolicyDocument */
export function readStsInput<T>(shape: Shape<T>, form: URLSearchParams): T {
  refuseSessionPolicy(form)
  try {
    return shape(Object.fromEntries(form), '')
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error
    throw stsError('ValidationError', `1 validation error detected: ${error.message}`)
  }
}

/** A session policy narrows what a session may do. To take one and not to heed it would be worse than to refuse it. */
function refuseSessionPolicy(form: URLSearchParams): void {
  const policy = form.get('Policy')
  if (policy !== null && !isJsonObject(policy)) {
    throw stsError('MalformedPolicyDocument', 'The policy is not in the valid JSON format.')
  }
  const names = [...form.keys()]
  if (names.some((name) => name === 'Policy' || name.startsWith('PolicyArns.'))) {
    throw stsError('ValidationError', 'Session policies are not part of the sandbox')
  }
}

function isJsonObject(content: string): boolean {
  try {
    const value: unknown = JSON.parse(content)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
