import { refusalCauses, reportedCauses, upstreamInvalidCauses } from '../registry/diagnosis.ts'
import { errorTable } from '../registry/error-table.ts'
import {
  authFailures,
  type CredentialsOutcome,
  entries,
  type ManifestOutcome,
} from '../registry/events.ts'
import { unexaminedReasons } from '../registry/findings.ts'
import type { Instruments } from './instruments.ts'
import { otherOutcome } from './outcome-slots.ts'
import { pushOperations } from './push-operations.ts'
import { otherRepository } from './repository-slots.ts'

/** What labels will be, known before anything happens. */
export interface KnownLabels {
  readonly version: string
  readonly isAuthDisabled: boolean
  readonly destinations: readonly string[]
  readonly operations: readonly string[]
  readonly retryReasons: readonly string[]
}

const uploadOutcomes = ['verified', 'refused', 'aborted', 'failed'] as const
export const forwardOutcomes = ['forwarded', 'already_present', 'parked'] as const
const manifestOutcomes: readonly ManifestOutcome[] = [
  'published',
  'superseded',
  'refused',
  'failed',
  'aborted',
]
const credentialsOutcomes: readonly CredentialsOutcome[] = ['refreshed', 'failed']

const success = 'success'
/** Of CompleteLayerUpload alone (ECR Public API model, 2020-10-30). */
const invalidLayer = 'InvalidLayerException'
/** Of calls to AWS. */
export const knownOutcomes: readonly string[] = [success, invalidLayer]
/** No call to ECR Public, but like one it is tried again while its source is away. */
const refreshOperation = 'RefreshCredentials'

const clientLeft = 499

/** A counter that first appears at 1 looks to Prometheus as if it had never risen. */
export function startAtZero(to: Instruments, known: KnownLabels): void {
  to.buildInfo.set({ version: known.version }, 1)
  to.authDisabled.set(known.isAuthDisabled ? 1 : 0)
  to.policyReloadSuccessful.set(1)
  for (const reason of authFailures) to.authFailures.inc({ reason }, 0)
  startRepositoryAtZero(to, otherRepository)
  for (const reason of ['already_present', 'single_flight', 'mount'])
    to.savedBytes.inc({ reason }, 0)
  for (const reason of unexaminedReasons) to.unexaminedLayers.inc({ reason }, 0)
  startPushesAtZero(to)
  for (const entry of entries) {
    to.receivedBytes.inc({ entry }, 0)
    for (const outcome of uploadOutcomes) {
      to.layerUploads.inc({ repository: otherRepository, agent: 'other', entry, outcome }, 0)
    }
  }
  for (const outcome of forwardOutcomes) {
    to.layerForwards.inc({ repository: otherRepository, outcome }, 0)
  }
}

export function startDestinationAtZero(
  to: Instruments,
  known: KnownLabels,
  destination: string,
): void {
  for (const operation of known.operations) {
    to.upstreamDuration.zero({ destination, operation })
    to.upstreamWait.zero({ destination, operation })
    for (const outcome of [success, otherOutcome]) {
      to.upstreamRequests.inc({ destination, operation, outcome }, 0)
    }
  }
  const operation = 'CompleteLayerUpload'
  to.upstreamRequests.inc({ destination, operation, outcome: invalidLayer }, 0)
  for (const retried of [...known.operations, refreshOperation]) {
    for (const reason of known.retryReasons) {
      to.upstreamRetries.inc({ destination, operation: retried, reason }, 0)
    }
  }
  for (const outcome of credentialsOutcomes) {
    to.credentialsRefreshes.inc({ destination, outcome }, 0)
  }
}

export function startRepositoryAtZero(to: Instruments, repository: string): void {
  for (const cause of refusalCauses) {
    to.invalidLayers.inc({ repository, stage: 'refused', cause }, 0)
  }
  for (const cause of reportedCauses) {
    to.invalidLayers.inc({ repository, stage: 'reported', cause }, 0)
  }
  for (const cause of upstreamInvalidCauses) {
    to.invalidLayers.inc({ repository, stage: 'upstream', cause }, 0)
  }
  for (const outcome of manifestOutcomes) to.manifests.inc({ repository, outcome }, 0)
}

/** An SLO must not miss the first failures. */
function startPushesAtZero(to: Instruments): void {
  const faults = Object.values(errorTable)
    .map(({ status }) => status)
    .filter((status) => status >= 500)
  for (const operation of pushOperations) {
    for (const status of new Set<number>([201, ...faults])) {
      to.httpRequests.inc({ operation, status }, 0)
    }
    to.httpDuration.zero({ operation, status: clientLeft })
  }
}
