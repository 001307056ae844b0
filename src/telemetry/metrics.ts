import { collectDefaultMetrics, Registry } from 'prom-client'
import type { ForwardOutcome, LayergateEvent, Observer } from '../registry/events.ts'
import { createInstruments, type Instruments } from './instruments.ts'
import { degradedBy, degradedReasons, type Levels } from './levels.ts'
import { createOutcomeSlots } from './outcome-slots.ts'
import { createRepositorySlots, type RepositorySlots } from './repository-slots.ts'
import {
  forwardOutcomes,
  type KnownLabels,
  knownOutcomes,
  startAtZero,
  startDestinationAtZero,
  startRepositoryAtZero,
} from './zero-samples.ts'

export interface MetricsSettings extends KnownLabels {
  /** The process's own series (CPU, memory, event loop), which watch global state: off in tests. */
  readonly withProcess: boolean
}

export interface Metrics extends Observer {
  scrape(): Promise<{ readonly contentType: string; readonly text: string }>
}

function isCounted(outcome: string): outcome is ForwardOutcome {
  return forwardOutcomes.some((counted) => counted === outcome)
}

/** All series of one process, in a registry of their own. */
export function createMetrics(settings: MetricsSettings, levels: () => Promise<Levels>): Metrics {
  const registry = new Registry()
  const instruments = createInstruments(registry)
  const slots: Slots = {
    repositories: createRepositorySlots(),
    outcomeLabel: createOutcomeSlots(knownOutcomes),
  }
  if (settings.withProcess) collectDefaultMetrics({ register: registry })
  startAtZero(instruments, settings)
  const destinations = new Set<string>()
  const startDestination = (name: string) => {
    if (destinations.has(name)) return
    destinations.add(name)
    startDestinationAtZero(instruments, settings, name)
  }
  for (const name of settings.destinations) startDestination(name)

  return {
    observe(event) {
      if (event.type === 'policy_loaded') {
        for (const name of event.destinations) startDestination(name)
      }
      count(instruments, slots, event)
    },

    async scrape() {
      const now = await levels()
      instruments.uploadsWaiting.set(now.uploadsWaiting)
      instruments.spool.set(now.spoolBytes)
      instruments.spoolCapacity.set(now.spoolCapacityBytes)
      instruments.forwardsWaiting.set(now.forwardsWaiting)
      instruments.forwardsParked.set(now.forwardsParked)
      instruments.forwardsHeld.set(now.forwardsHeld)
      instruments.forwardBacklog.set(now.forwardBacklogBytes)
      instruments.forwardOldest.set(now.forwardOldestSeconds)
      for (const [destination, quotas] of Object.entries(now.quotasPerSecond)) {
        for (const [operation, perSecond] of Object.entries(quotas)) {
          instruments.upstreamQuota.set({ destination, operation }, perSecond)
        }
      }
      const degraded = degradedBy(now)
      for (const reason of degradedReasons) {
        instruments.degraded.set({ reason }, degraded.includes(reason) ? 1 : 0)
      }
      return { contentType: registry.contentType, text: await registry.metrics() }
    },
  }
}

interface Slots {
  readonly repositories: RepositorySlots
  readonly outcomeLabel: (outcome: string) => string
}

function count(to: Instruments, slots: Slots, event: LayergateEvent): void {
  const { repositories, outcomeLabel } = slots
  switch (event.type) {
    case 'repository_seen':
      if (repositories.open(event.repository)) startRepositoryAtZero(to, event.repository)
      return
    case 'upload_started':
      to.uploadsInProgress.inc()
      return
    case 'upload_ended': {
      const { agent, entry, outcome } = event
      const repository = repositories.label(event.repository)
      to.uploadsInProgress.dec()
      to.receivedBytes.inc({ entry }, event.sizeBytes)
      if (outcome === 'unsettled') return
      to.layerUploads.inc({ repository, agent, entry, outcome })
      to.uploadDuration.observe(event.seconds)
      if (event.layerSizeBytes !== undefined) to.layerSize.observe(event.layerSizeBytes)
      return
    }
    case 'layer_invalid': {
      const repository = repositories.label(event.repository)
      const { stage, diagnosis } = event
      to.invalidLayers.inc({ repository, stage, cause: diagnosis.cause })
      return
    }
    case 'layer_unexamined':
      to.unexaminedLayers.inc({ reason: event.reason })
      return
    case 'layer_invalid_upstream': {
      const repository = repositories.label(event.repository)
      to.invalidLayers.inc({ repository, stage: 'upstream', cause: event.cause })
      return
    }
    case 'forward_started':
      to.forwardsInProgress.inc()
      return
    case 'forward_ended': {
      const { outcome } = event
      to.forwardsInProgress.dec()
      if (!isCounted(outcome)) return
      to.layerForwards.inc({ repository: repositories.label(event.repository), outcome })
      if (outcome === 'forwarded') to.forwardDuration.observe(event.seconds)
      if (outcome === 'already_present') to.savedBytes.inc({ reason: outcome }, event.sizeBytes)
      return
    }
    case 'forward_joined':
      to.savedBytes.inc({ reason: 'single_flight' }, event.sizeBytes)
      return
    case 'blob_mounted':
      to.savedBytes.inc({ reason: 'mount' }, event.sizeBytes)
      return
    case 'manifest_ended': {
      const { outcome } = event
      to.manifests.inc({ repository: repositories.label(event.repository), outcome })
      to.manifestWait.observe(event.waitSeconds)
      return
    }
    case 'upstream_called': {
      const { destination, operation } = event
      to.upstreamRequests.inc({ destination, operation, outcome: outcomeLabel(event.outcome) })
      to.upstreamDuration.observe({ destination, operation }, event.seconds)
      to.upstreamWait.observe({ destination, operation }, event.waitedSeconds)
      to.forwardedBytes.inc(event.sentLayerBytes)
      return
    }
    case 'upstream_retried': {
      const { destination, operation, reason } = event
      to.upstreamRetries.inc({ destination, operation, reason })
      return
    }
    case 'credentials_refreshed': {
      const { destination, outcome } = event
      to.credentialsRefreshes.inc({ destination, outcome })
      return
    }
    case 'request_denied':
      to.authFailures.inc({ reason: event.code })
      return
    case 'policy_loaded':
      to.policyReloadSuccessful.set(event.outcome === 'loaded' ? 1 : 0)
      return
    case 'request_ended': {
      const { operation, status } = event
      to.httpRequests.inc({ operation, status })
      to.httpDuration.observe({ operation, status }, event.seconds)
      return
    }
    // Told by gauges, which are read at each scrape.
    case 'forward_given_up':
    case 'forward_ordered':
    case 'upstream_paused':
    case 'upstream_resumed':
    // For the log, the audit and the traces.
    case 'request_started':
    case 'request_authorised':
    case 'token_traded':
    case 'repository_created':
  }
}
