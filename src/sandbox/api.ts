import type { IncomingMessage, ServerResponse } from 'node:http'
import { readBody } from './body.ts'
import type { Accounts } from './accounts.ts'
import type { Authenticate } from './authentication.ts'
import { authorise } from './authorisation.ts'
import type { Call, Outcome, RunCall } from './call.ts'
import { bodyMembers, headerMembers } from './call-log.ts'
import { ApiException, exception } from './exceptions.ts'
import { damageInput, damageOutput, withFaults } from './fault-effects.ts'
import type { Caller } from './identities.ts'
import { isOperationName, unsupportedOperations } from './inputs.ts'
import { invoke } from './operations.ts'
import type { SwitchBoard } from './switches.ts'
import { exceptionAnswer, outputAnswer } from './wire.ts'

export interface ApiParts {
  readonly runCall: RunCall
  readonly authenticate: Authenticate
  readonly accounts: Accounts
  readonly switches: SwitchBoard
}

const targetPrefix = 'SpencerFrontendService.'

/** The JSON API (awsJson1_1): one POST per operation. */
export function createApi(parts: ApiParts) {
  const { runCall, authenticate, accounts, switches } = parts

  const carryOut = async (call: Call): Promise<Outcome> => {
    const { request, faults } = call
    const resetAt = faults.of('reset-mid-body')?.afterBytes ?? Infinity
    const body = await readBody(request, (bytes) => bytes < resetAt)
    if (!body) return 'reset'
    const json = parseJson(body.bytes)
    call.note(bodyMembers(json))
    return withFaults(call, async () => {
      const { region } = switches.now()
      const signing = { service: 'ecr-public', region, bodySha256: body.sha256 } as const
      const caller = authenticate(call, signing)
      authorise(caller, call.operation, json, accounts)
      return outputAnswer(damageOutput(faults, await outputOf(call, caller, json)))
    })
  }

  const outputOf = async (
    { operation, faults }: Call,
    { accountId }: Caller,
    json: unknown,
  ): Promise<object> => {
    if (unsupportedOperations.has(operation)) {
      throw exception('UnsupportedCommandException', `${operation} is not part of the sandbox`)
    }
    if (!isOperationName(operation)) {
      throw exception('UnknownOperationException', 'The operation is not known to the service')
    }
    const { operations, throttle } = accounts.open({ registryId: accountId })
    const { quotas, throttleName, throttleStatus } = switches.now()
    if (!throttle.admit(operation, quotas)) {
      throw new ApiException(throttleName, 'Rate exceeded', throttleStatus)
    }
    return invoke(operations, operation, json, (input) => damageInput(faults, input))
  }

  return (request: IncomingMessage, response: ServerResponse): Promise<void> =>
    runCall(
      { operation: operationOf(request), request, response, members: headerMembers(request) },
      { carryOut, refuse: exceptionAnswer },
    )
}

function operationOf({ method, headers }: IncomingMessage): string {
  const target = headers['x-amz-target']
  const isJson = headers['content-type'] === 'application/x-amz-json-1.1'
  if (method !== 'POST' || !isJson || typeof target !== 'string') return 'Unknown'
  return target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : 'Unknown'
}

/** Undefined, which no JSON text gives, where the body is no JSON. */
function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}
