import type { LayergateEvent, LayerInvalid, ManifestEnded } from '../../registry/events.ts'

/** What a line may be about. */
export const auditEvents = [
  'token_traded',
  'denied',
  'push_accepted',
  'push_refused',
  'inspection_reported',
  'mounted',
  'manifest_put',
  'manifest_refused',
  'manifest_failed',
  'repository_created',
  'aws_changed',
  'policy_loaded',
  'forward_parked',
  'forward_given_up',
  'forward_ordered',
  'lines_lost',
] as const

export type AuditEvent = (typeof auditEvents)[number]

/** One decision, as its event tells it. */
export interface AuditEntry {
  readonly event: AuditEvent
  readonly agent?: string | undefined
  readonly repository?: string
  /** By which name a push was let at it, where that is another. */
  readonly agentRepository?: string | undefined
  readonly digest?: string | undefined
  /** What only some events have. Undefined values are left out. */
  readonly more: Readonly<Record<string, unknown>>
}

/** The calls after which AWS has something that it had not. */
const changing: ReadonlySet<string> = new Set([
  'CompleteLayerUpload',
  'PutImage',
  'CreateRepository',
])

/** Undefined for what is no decision, or one that every client brings about. */
export function auditEntry(event: LayergateEvent): AuditEntry | undefined {
  switch (event.type) {
    case 'token_traded': {
      const { agent, subject, remoteAddress, tokenId, tradedTokenId, gave, granted, run } = event
      const more = { subject, remoteAddress, tokenId, tradedTokenId, gave, granted, run }
      return { event: 'token_traded', agent, more }
    }
    case 'request_denied': {
      const { agent, remoteAddress, code, detail } = event
      // Clients first come without credentials, to be told where they get a token.
      if (code === 'credentials_missing') return undefined
      return { event: 'denied', agent, more: { remoteAddress, code, detail } }
    }
    case 'upload_ended': {
      const { agent, repository, entry, expected, actual, layerSizeBytes: sizeBytes } = event
      if (event.outcome !== 'verified') return undefined
      const digest = actual ?? expected
      return { event: 'push_accepted', agent, repository, digest, more: { entry, sizeBytes } }
    }
    case 'layer_invalid':
      return invalidLayer(event)
    case 'blob_mounted': {
      const { agent, repository, digest, sizeBytes } = event
      return { event: 'mounted', agent, repository, digest, more: { sizeBytes } }
    }
    case 'manifest_ended':
      return manifest(event)
    case 'repository_created': {
      const { agent, repository, destination } = event
      return { event: 'repository_created', agent, repository, more: { destination } }
    }
    case 'policy_loaded': {
      const { digest, outcome, destinations, problems } = event
      return { event: 'policy_loaded', digest, more: { outcome, destinations, problems } }
    }
    case 'forward_ended': {
      const { agent, repository, digest, sizeBytes, error: code, detail } = event
      if (event.outcome !== 'parked') return undefined
      const more = { sizeBytes, code, detail }
      return { event: 'forward_parked', agent, repository, digest, more }
    }
    case 'forward_given_up': {
      const { agent, repository, digest, sizeBytes, error: code, detail } = event
      const more = { sizeBytes, code, detail }
      return { event: 'forward_given_up', agent, repository, digest, more }
    }
    case 'forward_ordered': {
      const { agent, repository, digest, sizeBytes, order, registry } = event
      const more = { sizeBytes, order, registry }
      return { event: 'forward_ordered', agent, repository, digest, more }
    }
    case 'upstream_called': {
      const { agent, repository, agentRepository, digest, destination, operation } = event
      if (event.outcome !== 'success' || !changing.has(operation)) return undefined
      const about = { agent, repository, agentRepository, digest }
      return { event: 'aws_changed', ...about, more: { destination, operation } }
    }
    case 'repository_seen':
    case 'request_authorised':
    case 'request_started':
    case 'request_ended':
    case 'upload_started':
    case 'layer_unexamined':
    case 'layer_invalid_upstream':
    case 'forward_started':
    case 'forward_joined':
    case 'upstream_paused':
    case 'upstream_resumed':
    case 'upstream_retried':
    case 'credentials_refreshed':
      return undefined
  }
}

function invalidLayer(event: LayerInvalid): AuditEntry {
  const { agent, repository, place, code, detail, expected, actual, diagnosis } = event
  const digest = expected?.digest ?? actual?.digest
  const actualDigest = actual?.digest === digest ? undefined : actual?.digest
  const { cause } = diagnosis
  const more = { place, actualDigest, sizeBytes: actual?.sizeBytes, code, cause, detail }
  const name = event.stage === 'refused' ? 'push_refused' : 'inspection_reported'
  return { event: name, agent, repository, digest, more }
}

function manifest(event: ManifestEnded): AuditEntry {
  const { agent, repository, digest, tags, outcome, error: code, detail } = event
  const about = { agent, repository, digest }
  switch (outcome) {
    case 'published':
    case 'superseded':
      return { event: 'manifest_put', ...about, more: { tags, outcome } }
    case 'refused':
      return { event: 'manifest_refused', ...about, more: { tags, code, detail } }
    case 'failed':
    case 'aborted':
      return { event: 'manifest_failed', ...about, more: { tags, outcome, code, detail } }
  }
}
