import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Call, Outcome } from './call.ts'
import { firstHalf, withFlippedBit } from './content.ts'
import { ApiException, statusOf } from './exceptions.ts'
import type { CallFaults, FaultOf } from './faults.ts'
import { type Answer, htmlAnswer } from './wire.ts'

/**
 * Carries an operation out between what the call's faults do before it and after it.
 * @throws ApiException the fault's, or that of the operation
 */
export async function withFaults(
  { faults, response, closing }: Call,
  operation: () => Answer | Promise<Answer>,
): Promise<Outcome> {
  const delay = faults.of('delay')
  if (delay) await sleep(delay.delayMs, undefined, { signal: closing })
  const isStalled = faults.of('stall') !== undefined
  if (isStalled && !response.closed) await once(response, 'close')
  if (isStalled || faults.of('reset-before-storing')) return 'reset'
  if (faults.of('html-503')) return htmlAnswer(503, 'Service Unavailable')
  const forced = faults.of('exception')
  if (forced) throw faultException(forced)

  const answer = await operation()
  return faults.of('reset-after-storing') ? 'reset' : cutShort(faults, answer)
}

function faultException(fault: FaultOf<'exception'>): ApiException {
  const { name, message = 'Fault of the sandbox', status = statusOf(name), members } = fault
  return new ApiException(name, message, status, members)
}

function cutShort(faults: CallFaults, answer: Answer): Answer {
  if (faults.of('empty-200')) return { ...answer, body: '' }
  return faults.of('truncated-answer') ? { ...answer, body: firstHalf(answer.body) } : answer
}

/** Changes the part's bytes in place, after the signature was verified and before they are stored. */
export function damageInput(faults: CallFaults, input: object): void {
  const flip = faults.of('flip-byte')
  if (!flip || !('layerPartBlob' in input) || !Buffer.isBuffer(input.layerPartBlob)) return
  const { layerPartBlob } = input
  const offset = flip.offset ?? 0
  layerPartBlob.writeUInt8(layerPartBlob.readUInt8(offset) ^ 1, offset)
}

export function damageOutput(faults: CallFaults, output: object): object {
  const wrong = faults.of('wrong-layer-digest')
  return wrong && 'layerDigest' in output ? { ...output, layerDigest: otherDigest(wrong) } : output
}

/** A read has no part: what the faults of a part do to its bytes and its digest, they do to the answer. */
export function damageRead(faults: CallFaults, answer: Answer): Answer {
  const flip = faults.of('flip-byte')
  const wrong = faults.of('wrong-layer-digest')
  const { body, headers = {} } = answer
  return {
    ...answer,
    body: flip ? withFlippedBit(body, flip.offset ?? 0) : body,
    headers:
      wrong && digestHeader in headers
        ? { ...headers, [digestHeader]: otherDigest(wrong) }
        : headers,
  }
}

const digestHeader = 'docker-content-digest'

const otherDigest = ({ digest = `sha256:${'0'.repeat(64)}` }: FaultOf<'wrong-layer-digest'>) =>
  digest
