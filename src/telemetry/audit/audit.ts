import type { LayergateEvent, Observer } from '../../registry/events.ts'
import { createAdmissions } from './admissions.ts'
import { auditEntry } from './audit-entry.ts'
import { auditLine } from './audit-line.ts'

export interface AuditPorts {
  /** Takes a whole line with its end. Must not throw. */
  readonly write: (line: string) => void
  readonly now: () => Date
}

/** One line for each decision that matters: who, what, from where, and which rule of the policy allowed it. */
export function createAudit({ write, now }: AuditPorts): Observer {
  const admissions = createAdmissions()

  return {
    observe(event) {
      if (event.type === 'request_authorised') admissions.admit(event)
      if (event.type === 'request_ended') admissions.ended(event)
      const entry = auditEntry(event)
      if (!entry) return
      const { agent, repository, agentRepository = repository, digest, more } = entry
      const requestId = textOf(event, 'requestId')
      const isOfPush =
        requestId !== undefined && agent !== undefined && agentRepository !== undefined
      const admission = isOfPush ? admissions.find(requestId, agent, agentRepository) : undefined
      const line = auditLine({
        audit: 1,
        time: now().toISOString(),
        event: entry.event,
        requestId,
        agent,
        subject: admission?.subject,
        rule: admission?.rule,
        remoteAddress: admission?.remoteAddress,
        repository,
        digest,
        ...more,
        upstreamRequestId: textOf(event, 'upstreamRequestId'),
      })
      write(line)
    },
  }
}

/** Some events have these, of one request of the agent's, or of one call to AWS. */
function textOf(event: LayergateEvent, name: 'requestId' | 'upstreamRequestId') {
  const value: unknown = Reflect.get(event, name)
  return typeof value === 'string' ? value : undefined
}
