import { ApiException, statusOf } from './exceptions.ts'
import type { CallFaults, FaultOf } from './faults.ts'
import { type Answer, outputAnswer } from './wire.ts'

export function faultException(fault: FaultOf<'exception'>): ApiException {
  const { name, message = 'Fault of the sandbox', status = statusOf(name), members } = fault
  return new ApiException(name, message, status, members)
}

/** Changes the part's bytes in place, after the signature was verified and before they are stored. */
export function damageInput(faults: CallFaults, input: object): void {
  const flip = faults.of('flip-byte')
  if (!flip || !('layerPartBlob' in input) || !Buffer.isBuffer(input.layerPartBlob)) return
  const { layerPartBlob } = input
  const offset = flip.offset ?? 0
  layerPartBlob.writeUInt8(layerPartBlob.readUInt8(offset) ^ 1, offset)
}

export function damageOutput(faults: CallFaults, output: object): Answer {
  const wrong = faults.of('wrong-layer-digest')
  const layerDigest = wrong?.digest ?? `sha256:${'0'.repeat(64)}`
  const told = wrong && 'layerDigest' in output ? { ...output, layerDigest } : output
  const answer = outputAnswer(told)
  if (faults.of('empty-200')) return { ...answer, body: '' }
  if (faults.of('truncated-answer')) {
    return { ...answer, body: answer.body.slice(0, answer.body.length / 2) }
  }
  return answer
}
