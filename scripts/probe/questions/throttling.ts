import { isThrottled } from '../attempt.ts'
import { digestOf } from '../layer.ts'
import type { Question } from '../question.ts'

const unknownUploadId = '00000000-0000-4000-8000-000000000000'
const callsAtOnce = 20
const maxCalls = 400

// CompleteLayerUpload has one of the lowest quotas, 10 per second (ECR Public quota page), and for
// an upload that does not exist it leaves nothing behind.
export const throttling: Question = {
  topic: 'throttling',
  calls: { CompleteLayerUpload: maxCalls },
  effect: 'throttles the other pushes of the account for some seconds; leaves nothing',

  async ask(repository) {
    const startedAt = performance.now()
    for (let calls = 0; calls < maxCalls; calls += callsAtOnce) {
      const outcomes = await Promise.all(
        Array.from({ length: callsAtOnce }, () =>
          repository.completeImpatiently(unknownUploadId, digestOf('')),
        ),
      )
      const throttled = outcomes.find(isThrottled)?.exception
      if (throttled) {
        const admitted = calls + outcomes.filter((outcome) => !isThrottled(outcome)).length
        const elapsedMs = Math.round(performance.now() - startedAt)
        const status = throttled.$metadata.httpStatusCode
        const findings = [
          `throttled: ${throttled.name} with status ${status}: ${throttled.message}`,
          `CompleteLayerUpload: ${admitted} calls were admitted in the first ${elapsedMs} ms`,
        ]
        if (status !== 400 && status !== 429) return { findings }
        return { findings, switches: { throttleName: throttled.name, throttleStatus: status } }
      }
    }
    return { findings: [`${maxCalls} calls, none of them throttled`] }
  },
}
