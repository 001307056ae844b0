import { createHash } from 'node:crypto'
import type { Status } from '../../src/http/page/status.ts'
import type { Forward, ForwardState } from '../../src/publish/forward-journal.ts'
import { diagnosis, type Evidence, type RefusalCause } from '../../src/registry/diagnosis.ts'
import { type Digest, parseDigest } from '../../src/registry/digest.ts'
import type { Entry, UploadProgress } from '../../src/registry/events.ts'
import type { Refusal } from '../../src/registry/refusal.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'

const at = new Date('2026-03-09T14:32:07Z')
const mib = 1024 * 1024

function digest(name: string): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(name).digest('hex')}`)
}

function before(seconds: number): Date {
  return new Date(at.getTime() - seconds * 1000)
}

function upload(
  repository: string,
  agent: string,
  entry: Entry,
  began: number,
  progress: UploadProgress,
  announcedBytes?: number,
): Status['uploads'][number] {
  return {
    startedAt: before(began),
    upload: {
      type: 'upload_started',
      repository,
      agent,
      entry,
      requestId: 'request',
      ...(announcedBytes !== undefined && { announcedBytes }),
      progress: () => progress,
    },
  }
}

function forward(
  name: string,
  repository: string,
  agent: string,
  state: ForwardState,
  recorded: number,
  more: Partial<Forward> = {},
): Forward {
  return {
    key: {
      registry: 'aws/default',
      repository: parseRepositoryName(repository),
      digest: digest(name),
    },
    agent,
    sizeBytes: 48 * mib,
    state,
    alreadyPresent: false,
    parts: 0,
    attempts: 0,
    recordedAt: before(recorded),
    changedAt: before(recorded),
    ...more,
  }
}

function sent(bytes: number): Partial<Forward> {
  return { upload: { id: 'upload', partSizeBytes: 10 * mib, sentBytes: bytes } }
}

function refusal(
  cause: RefusalCause,
  repository: string,
  agent: string,
  refused: number,
  evidence: Evidence,
  more: Partial<Refusal> = {},
): Refusal {
  return {
    repository: parseRepositoryName(repository),
    agent,
    place: 'oci',
    requestId: `build-${refused}`,
    code: 'digest_mismatch',
    detail: '',
    expected: { digest: digest(`${cause} expected`) },
    actual: { digest: digest(`${cause} actual`) },
    diagnosis: diagnosis(cause, evidence),
    refusedAt: before(refused),
    ...more,
  }
}

function lane(name: string, sentPerSecond: number, fullPerSecond: number, waiting = 0) {
  return { name, sentPerSecond, perSecond: fullPerSecond, fullPerSecond, waiting }
}

/** A service on a busy afternoon, for the picture in the documentation. Nothing of it is measured. */
export const busyStatus: Status = {
  at,
  startedAt: before(3 * 86_400 + 4_000),
  version: '0.1.0',
  isAuthDisabled: false,
  degraded: ['forwards_parked'],
  totals: {
    uploadsWaiting: 0,
    spoolBytes: 31 * 1024 * mib,
    spoolCapacityBytes: 80 * 1024 * mib,
    forwardsWaiting: 1,
    forwardsParked: 1,
    forwardsHeld: 1,
    forwardBacklogBytes: 655 * mib,
    forwardOldestSeconds: 41,
  },
  uploads: [
    upload(
      'payments/api',
      'github-main',
      'oci',
      38,
      { receivedBytes: 412 * mib, expected: digest('one'), phase: 'receiving' },
      640 * mib,
    ),
    upload('search/indexer', 'gitlab', 'oci', 12, {
      receivedBytes: 96.4 * mib,
      phase: 'receiving',
    }),
    upload(
      'base/node',
      'nightly',
      'raw',
      9,
      { receivedBytes: 58 * mib, expected: digest('three'), phase: 'checking' },
      58 * mib,
    ),
  ],
  inFlight: [
    forward('four', 'payments/api', 'github-main', 'forwarding', 41, {
      sizeBytes: 210 * mib,
      ...sent(150 * mib),
    }),
    forward('five', 'web/frontend', 'github-main', 'forwarding', 17, {
      sizeBytes: 74 * mib,
      ...sent(20 * mib),
    }),
  ],
  forwarded: [
    {
      endedAt: before(8),
      forward: {
        type: 'forward_ended',
        flightId: 'flight',
        repository: 'web/frontend',
        agent: 'github-main',
        digest: digest('six'),
        sizeBytes: 31 * mib,
        outcome: 'forwarded',
        seconds: 3.2,
        parts: 4,
        attempts: 1,
      },
    },
    {
      endedAt: before(95),
      forward: {
        type: 'forward_ended',
        flightId: 'flight',
        repository: 'base/node',
        agent: 'nightly',
        digest: digest('seven'),
        sizeBytes: 77 * mib,
        outcome: 'already_present',
        seconds: 0.1,
        parts: 0,
        attempts: 0,
      },
    },
  ],
  debts: [
    forward('eight', 'tools/legacy', 'jenkins', 'parked', 3 * 3_600, {
      sizeBytes: 312 * mib,
      error: {
        code: 'repository_unknown',
        detail:
          'InitiateLayerUpload answered RepositoryNotFoundException: tools/legacy is not there.',
      },
      dueAt: new Date(at.getTime() + 260_000),
    }),
    forward('nine', 'ml/models', 'training', 'held', 1_300, {
      sizeBytes: 12 * mib,
      error: { code: 'not_a_layer', detail: 'This is an HTML page, and no tar archive.' },
    }),
    forward('ten', 'search/indexer', 'gitlab', 'owed', 6, { sizeBytes: 59 * mib, dueAt: at }),
  ],
  refusals: [
    refusal('truncated', 'payments/api', 'github-main', 130, {
      receivedBytes: 48_234_496,
      expectedBytes: 50_331_648,
      missingBytes: 2_097_152,
    }),
    refusal('bit_flips', 'search/indexer', 'gitlab', 2_700, {
      receivedBytes: 18_874_368,
      differingBytes: 1,
      differingBits: 1,
      firstOffset: 7_340_033,
    }),
    refusal(
      'text_mangled',
      'web/frontend',
      'jenkins',
      7_500,
      { receivedBytes: 9_120_774, change: 'LF to CRLF' },
      { place: 'raw' },
    ),
  ],
  accounts: [
    {
      destinations: ['default'],
      isPaused: false,
      lanes: [
        lane('BatchCheckLayerAvailability', 3.4, 200),
        lane('InitiateLayerUpload', 2.1, 10),
        lane('UploadLayerPart', 11.8, 260),
        { ...lane('CompleteLayerUpload', 1.9, 10, 2), perSecond: 7.4 },
        lane('PutImage', 0.4, 10),
        lane('GetAuthorizationToken', 0, 5),
        lane('DescribeRegistries', 0, 5),
        lane('RegistryReads', 0.8, 10),
      ],
    },
  ],
}
