import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Authenticate } from '../authentication.ts'
import { readBody } from '../body.ts'
import type { Call, RunCall } from '../call.ts'
import { type CallRecord, headerMembers } from '../call-log.ts'
import { withFaults } from '../fault-effects.ts'
import type { Caller } from '../identities.ts'
import type { StsActions } from './actions.ts'
import { type Elements, errorAnswer, resultAnswer } from './answers.ts'
import { asStsError, stsError } from './errors.ts'
import { isStsAction, readStsInput, type StsAction, stsInputs } from './inputs.ts'

export interface StsParts {
  readonly runCall: RunCall
  readonly authenticate: Authenticate
  readonly actions: StsActions
}

const version = '2011-06-15'

/** The global endpoint is signed for this region, whatever that of the JSON API. */
const region = 'us-east-1'

/** STS speaks the query protocol: forms where the JSON API has JSON. */
export const isStsRequest = ({ headers }: IncomingMessage): boolean =>
  (headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')

/** The Security Token Service: one POST per action, which stands in the body. */
export function createSts({ runCall, authenticate, actions }: StsParts) {
  const resultOf = (call: Call, form: URLSearchParams, bodySha256: string): Elements => {
    const action = requireAction(form)
    const { nowMs } = call
    if (action === 'AssumeRoleWithWebIdentity') {
      return actions[action](readStsInput(stsInputs[action], form), { nowMs })
    }
    const caller = signedBy(call, bodySha256)
    return action === 'AssumeRole'
      ? actions[action](readStsInput(stsInputs[action], form), { caller, nowMs })
      : actions[action](readStsInput(stsInputs[action], form), { caller, nowMs })
  }

  const signedBy = (call: Call, bodySha256: string): Caller => {
    try {
      return authenticate(call, { service: 'sts', region, bodySha256 })
    } catch (error) {
      throw asStsError(error)
    }
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request)
    if (!body) return
    const form = new URLSearchParams(body.bytes.toString())
    const operation = form.get('Action') ?? 'Unknown'
    await runCall(
      { operation, request, response, members: { ...headerMembers(request), ...asked(form) } },
      {
        carryOut: (call) =>
          withFaults(call, () =>
            resultAnswer(operation, resultOf(call, form, body.sha256), call.requestId),
          ),
        refuse: errorAnswer,
      },
    )
  }
}

function requireAction(form: URLSearchParams): StsAction {
  const action = form.get('Action') ?? ''
  if (isStsAction(action) && form.get('Version') === version) return action
  throw stsError(
    'InvalidAction',
    `Could not find operation ${action} for version ${form.get('Version') ?? 'NO_VERSION_SPECIFIED'}`,
  )
}

/** What the log keeps of a form, which may be anything. */
function asked(form: URLSearchParams): Partial<CallRecord> {
  const assumedRoleArn = form.get('RoleArn')
  const roleSessionName = form.get('RoleSessionName')
  return {
    ...(assumedRoleArn === null ? {} : { assumedRoleArn }),
    ...(roleSessionName === null ? {} : { roleSessionName }),
  }
}
