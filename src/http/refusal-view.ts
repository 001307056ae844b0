import type { Refusal } from '../registry/refusal.ts'

/** A refusal as `GET /v1/refusals` tells of it. @param withAgent whether the caller may know who else pushes */
export function renderRefusal(refusal: Refusal, withAgent: boolean): object {
  const { repository, agent, place, requestId, code, detail, expected, actual } = refusal
  return {
    repository,
    ...(withAgent && { agent }),
    place,
    ...(requestId !== undefined && { requestId }),
    code,
    detail,
    ...(expected && { expected }),
    ...(actual && { actual }),
    diagnosis: refusal.diagnosis,
    refusedAt: refusal.refusedAt.toISOString(),
  }
}
