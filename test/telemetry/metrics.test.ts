import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  diagnosis,
  refusalCauses,
  reportedCauses,
  upstreamInvalidCauses,
} from '../../src/registry/diagnosis.ts'
import type {
  ForwardEnded,
  LayerInvalid,
  ManifestEnded,
  UploadEnded,
} from '../../src/registry/events.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { digest, setUpMetrics } from './setup.ts'

const repository = parseRepositoryName('team/app')
const uploadEnded: UploadEnded = {
  type: 'upload_ended',
  repository,
  agent: 'ci',
  entry: 'raw',
  outcome: 'verified',
  requestId: 'request-1',
  sizeBytes: 100,
  seconds: 2,
}
const layerInvalid: LayerInvalid = {
  type: 'layer_invalid',
  stage: 'refused',
  repository,
  agent: 'ci',
  place: 'raw',
  requestId: 'request-1',
  code: 'digest_mismatch',
  detail: 'As it were.',
  diagnosis: diagnosis('truncated', { receivedBytes: 10 }),
  refusedAt: new Date(0),
}
const forwardEnded: ForwardEnded = {
  type: 'forward_ended',
  flightId: 'flight-1',
  repository,
  agent: 'ci',
  digest,
  sizeBytes: 100,
  outcome: 'forwarded',
  seconds: 3,
  parts: 1,
  attempts: 1,
}
const manifestEnded: ManifestEnded = {
  type: 'manifest_ended',
  repository,
  agent: 'ci',
  digest,
  tags: ['latest'],
  outcome: 'published',
  waitSeconds: 3,
  seconds: 4,
  requestId: 'request-1',
}

test('a repository gets its series at zero before its first layer', async () => {
  const { changes, metrics } = setUpMetrics()
  assert.deepEqual(await changes(() => metrics.observe({ type: 'repository_seen', repository })), {
    ...Object.fromEntries(
      [
        ...refusalCauses.map((cause) => [cause, 'refused']),
        ...reportedCauses.map((cause) => [cause, 'reported']),
        ...upstreamInvalidCauses.map((cause) => [cause, 'upstream']),
      ].map(([cause, stage]) => [
        `layergate_invalid_layers_total{cause="${cause}",repository="team/app",stage="${stage}"}`,
        0,
      ]),
    ),
    'layergate_manifests_total{outcome="published",repository="team/app"}': 0,
    'layergate_manifests_total{outcome="superseded",repository="team/app"}': 0,
    'layergate_manifests_total{outcome="refused",repository="team/app"}': 0,
    'layergate_manifests_total{outcome="failed",repository="team/app"}': 0,
    'layergate_manifests_total{outcome="aborted",repository="team/app"}': 0,
  })
})

test('a repository that is seen again loses nothing', async () => {
  const { changes, metrics } = setUpMetrics()
  metrics.observe({ type: 'repository_seen', repository })
  metrics.observe({ ...uploadEnded, outcome: 'refused' })
  metrics.observe(layerInvalid)
  assert.deepEqual(
    await changes(() => metrics.observe({ type: 'repository_seen', repository })),
    {},
  )
})

test('a verified upload is counted, measured, and in progress no more', async () => {
  const { changes, metrics } = setUpMetrics()
  metrics.observe({ type: 'repository_seen', repository })
  const started = await changes(() =>
    metrics.observe({
      type: 'upload_started',
      repository,
      agent: 'ci',
      entry: 'raw',
      requestId: 'request-1',
      progress: () => ({ receivedBytes: 0, phase: 'receiving' }),
    }),
  )
  assert.deepEqual(started, { layergate_uploads_in_progress: 1 })
  const verified = { ...uploadEnded, layerSizeBytes: 150 }
  assert.deepEqual(await changes(() => metrics.observe(verified)), {
    layergate_uploads_in_progress: -1,
    'layergate_layer_uploads_total{agent="ci",entry="raw",outcome="verified",repository="team/app"}': 1,
    'layergate_received_bytes_total{entry="raw"}': 100,
    layergate_upload_duration_seconds_count: 1,
    layergate_upload_duration_seconds_sum: 2,
    layergate_layer_size_bytes_count: 1,
    layergate_layer_size_bytes_sum: 150,
  })
})

test('of a request whose upload may go on the bytes are counted, and no outcome yet', async () => {
  const { changes, metrics } = setUpMetrics()
  const chunk: UploadEnded = { ...uploadEnded, entry: 'oci', outcome: 'unsettled' }
  assert.deepEqual(await changes(() => metrics.observe(chunk)), {
    layergate_uploads_in_progress: -1,
    'layergate_received_bytes_total{entry="oci"}': 100,
  })
})

test('a refused upload is counted, and has no size', async () => {
  const { changes, metrics } = setUpMetrics()
  metrics.observe({ type: 'repository_seen', repository })
  const refused: UploadEnded = {
    ...uploadEnded,
    entry: 'multipart',
    outcome: 'refused',
  }
  assert.deepEqual(await changes(() => metrics.observe(refused)), {
    layergate_uploads_in_progress: -1,
    'layergate_layer_uploads_total{agent="ci",entry="multipart",outcome="refused",repository="team/app"}': 1,
    'layergate_received_bytes_total{entry="multipart"}': 100,
    layergate_upload_duration_seconds_count: 1,
    layergate_upload_duration_seconds_sum: 2,
  })
})

for (const stage of ['refused', 'reported'] as const) {
  test(`a layer that was ${stage} is counted as invalid with its cause`, async () => {
    const { changes, metrics } = setUpMetrics()
    metrics.observe({ type: 'repository_seen', repository })
    const cause = 'malformed_tar'
    const invalid = { ...layerInvalid, stage, diagnosis: diagnosis(cause, {}) }
    assert.deepEqual(await changes(() => metrics.observe(invalid)), {
      [`layergate_invalid_layers_total{cause="${cause}",repository="team/app",stage="${stage}"}`]: 1,
    })
  })
}

test('a layer that was accepted unexamined is counted with the reason', async () => {
  const { changes, metrics } = setUpMetrics()
  const unexamined = { repository, agent: 'ci', digest, reason: 'ratio' } as const
  assert.deepEqual(
    await changes(() => metrics.observe({ type: 'layer_unexamined', ...unexamined })),
    { 'layergate_unexamined_layers_total{reason="ratio"}': 1 },
  )
})

for (const outcome of ['refused', 'aborted', 'failed'] as const) {
  test(`an upload that was ${outcome} without a fault of the layer is no invalid layer`, async () => {
    const { changes, metrics } = setUpMetrics()
    const changed = await changes(() => metrics.observe({ ...uploadEnded, outcome }))
    const names = Object.keys(changed)
    assert.ok(names.some((name) => name.includes(`outcome="${outcome}"`)))
    assert.ok(!names.some((name) => name.includes('layergate_invalid_layers_total')))
  })
}

test('a layer that AWS called invalid is counted at its own stage', async () => {
  const { changes, metrics } = setUpMetrics()
  const changed = await changes(() =>
    metrics.observe({
      type: 'layer_invalid_upstream',
      flightId: 'flight-1',
      repository,
      agent: 'ci',
      digest,
      cause: 'in_transit',
    }),
  )
  assert.deepEqual(changed, {
    'layergate_invalid_layers_total{cause="in_transit",repository="other",stage="upstream"}': 1,
  })
})

test('a forward is in progress from its start to its end', async () => {
  const { changes, metrics } = setUpMetrics()
  const started = await changes(() =>
    metrics.observe({
      type: 'forward_started',
      flightId: 'flight-1',
      repository,
      agent: 'ci',
      digest,
      sizeBytes: 100,
    }),
  )
  assert.deepEqual(started, { layergate_forwards_in_progress: 1 })
})

for (const [outcome, expected] of Object.entries({
  forwarded: {
    'layergate_layer_forwards_total{outcome="forwarded",repository="other"}': 1,
    layergate_forward_duration_seconds_count: 1,
    layergate_forward_duration_seconds_sum: 3,
  },
  already_present: {
    'layergate_layer_forwards_total{outcome="already_present",repository="other"}': 1,
    'layergate_saved_bytes_total{reason="already_present"}': 100,
  },
  parked: { 'layergate_layer_forwards_total{outcome="parked",repository="other"}': 1 },
  postponed: {},
  released: {},
})) {
  test(`a forward that was ${outcome} is counted as that`, async () => {
    const { changes, metrics } = setUpMetrics()
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the record above
    const ended = { ...forwardEnded, outcome: outcome as ForwardEnded['outcome'] }
    assert.deepEqual(await changes(() => metrics.observe(ended)), {
      layergate_forwards_in_progress: -1,
      ...expected,
    })
  })
}

test('the bytes of a layer that was mounted did not have to be sent', async () => {
  const { changes, metrics } = setUpMetrics()
  const mounted = {
    type: 'blob_mounted',
    requestId: 'request-1',
    repository,
    agent: 'ci',
    digest,
    sizeBytes: 100,
  } as const
  assert.deepEqual(await changes(() => metrics.observe(mounted)), {
    'layergate_saved_bytes_total{reason="mount"}': 100,
  })
})

for (const outcome of ['published', 'superseded', 'refused', 'failed', 'aborted'] as const) {
  test(`a manifest that was ${outcome} is counted as that, with the time that it waited`, async () => {
    const { changes, metrics } = setUpMetrics()
    metrics.observe({ type: 'repository_seen', repository })
    assert.deepEqual(await changes(() => metrics.observe({ ...manifestEnded, outcome })), {
      [`layergate_manifests_total{outcome="${outcome}",repository="team/app"}`]: 1,
      layergate_manifest_wait_seconds_count: 1,
      layergate_manifest_wait_seconds_sum: 3,
    })
  })
}

test('each call to AWS is counted by its outcome, with the layer bytes that AWS took', async () => {
  const { changes, metrics } = setUpMetrics()
  const called = {
    type: 'upstream_called',
    repository: 'team/app',
    agent: 'ci',
    destination: 'default',
    operation: 'CompleteLayerUpload',
    seconds: 0.5,
    waitedSeconds: 2,
  } as const
  assert.deepEqual(
    await changes(() => {
      metrics.observe({ ...called, outcome: 'success', sentLayerBytes: 70 })
      metrics.observe({ ...called, outcome: 'ThrottlingException', sentLayerBytes: 0 })
    }),
    {
      'layergate_upstream_requests_total{destination="default",operation="CompleteLayerUpload",outcome="success"}': 1,
      'layergate_upstream_requests_total{destination="default",operation="CompleteLayerUpload",outcome="ThrottlingException"}': 1,
      'layergate_upstream_request_duration_seconds_count{destination="default",operation="CompleteLayerUpload"}': 2,
      'layergate_upstream_request_duration_seconds_sum{destination="default",operation="CompleteLayerUpload"}': 1,
      'layergate_upstream_wait_seconds_count{destination="default",operation="CompleteLayerUpload"}': 2,
      'layergate_upstream_wait_seconds_sum{destination="default",operation="CompleteLayerUpload"}': 4,
      layergate_forwarded_bytes_total: 70,
    },
  )
})

test('the first 60 outcomes of calls are counted by name, the rest together', async () => {
  const { metrics, samples } = setUpMetrics()
  const call = {
    type: 'upstream_called',
    repository: 'team/app',
    agent: 'ci',
    destination: 'default',
    operation: 'CompleteLayerUpload',
    seconds: 1,
    waitedSeconds: 0,
    sentLayerBytes: 0,
  } as const
  for (let index = 0; index < 100; index += 1) {
    metrics.observe({ ...call, outcome: `Invented${index}Exception` })
  }
  for (const outcome of ['success', 'InvalidLayerException', 'Invented0Exception']) {
    metrics.observe({ ...call, outcome })
  }

  const { values } = await samples()
  const counted = (outcome: string) => {
    const labels = `destination="default",operation="CompleteLayerUpload",outcome="${outcome}"`
    return values.get(`layergate_upstream_requests_total{${labels}}`)
  }
  assert.deepEqual(
    ['success', 'InvalidLayerException', 'Invented0Exception', 'Invented57Exception'].map(counted),
    [1, 1, 2, 1],
  )
  assert.equal(counted('Invented58Exception'), undefined)
  assert.equal(counted('other'), 42)
})

test('a refresh of credentials is counted by its outcome', async () => {
  const { changes, metrics } = setUpMetrics()
  const refreshed = { type: 'credentials_refreshed', destination: 'default' } as const
  assert.deepEqual(
    await changes(() => {
      metrics.observe({ ...refreshed, outcome: 'refreshed' })
      metrics.observe({ ...refreshed, outcome: 'failed' })
    }),
    {
      'layergate_credentials_refresh_total{destination="default",outcome="refreshed"}': 1,
      'layergate_credentials_refresh_total{destination="default",outcome="failed"}': 1,
    },
  )
})

test('each repeated call is counted by its reason', async () => {
  const { changes, metrics } = setUpMetrics()
  const changed = await changes(() =>
    metrics.observe({
      type: 'upstream_retried',
      destination: 'default',
      operation: 'InitiateLayerUpload',
      reason: 'throttled',
      exception: 'ThrottlingException',
      attempt: 1,
      waitMs: 200,
    }),
  )
  assert.deepEqual(changed, {
    'layergate_upstream_retries_total{destination="default",operation="InitiateLayerUpload",reason="throttled"}': 1,
  })
})

test('each request is counted by operation and status, without its URL', async () => {
  const { changes, metrics } = setUpMetrics()
  const changed = await changes(() =>
    metrics.observe({
      type: 'request_ended',
      requestId: 'request-1',
      exchangeId: 'exchange-1',
      operation: 'findLayer',
      status: 404,
      seconds: 0.25,
    }),
  )
  assert.deepEqual(changed, {
    'layergate_http_requests_total{operation="findLayer",status="404"}': 1,
    'layergate_http_request_duration_seconds_count{operation="findLayer",status="404"}': 1,
    'layergate_http_request_duration_seconds_sum{operation="findLayer",status="404"}': 0.25,
  })
})

test('levels are read at each scrape', async () => {
  const levels = {
    uploadsWaiting: 1,
    spoolBytes: 960,
    forwardsWaiting: 2,
    forwardsParked: 3,
    forwardBacklogBytes: 950,
    forwardOldestSeconds: 5,
  }
  const { values } = await setUpMetrics({ levels, isAuthDisabled: true }).samples()
  const notZero = [...values].filter(([, value]) => value !== 0)
  assert.deepEqual(Object.fromEntries(notZero), {
    'layergate_build_info{version="1.2.3"}': 1,
    layergate_auth_disabled: 1,
    layergate_policy_last_reload_successful: 1,
    layergate_uploads_waiting: 1,
    layergate_spool_bytes: 960,
    layergate_spool_capacity_bytes: 1000,
    layergate_forwards_waiting: 2,
    layergate_forwards_parked: 3,
    layergate_forward_backlog_bytes: 950,
    layergate_forward_oldest_seconds: 5,
    'layergate_upstream_quota_per_second{destination="default",operation="PutImage"}': 10,
    'layergate_degraded{reason="spool_nearly_full"}': 1,
    'layergate_degraded{reason="forwards_parked"}': 1,
  })
})

test('levels that cannot be read fail the scrape, instead of showing old ones', async () => {
  const { metrics } = setUpMetrics({
    levels: {
      get spoolBytes(): number {
        throw new Error('the journal is broken')
      },
    },
  })
  await assert.rejects(metrics.scrape(), /the journal is broken/)
})

test('two services of one process do not share their series', async () => {
  const [one, other] = [setUpMetrics(), setUpMetrics()]
  one.metrics.observe(uploadEnded)
  assert.equal((await other.samples()).values.get('layergate_upload_duration_seconds_count'), 0)
})

test('a layer that came again on its way to ECR is sent once, and its bytes are saved', async () => {
  const { metrics, changes } = setUpMetrics()
  const joined = { type: 'forward_joined', repository: 'team/app', agent: 'ci', digest } as const
  assert.deepEqual(await changes(() => metrics.observe({ ...joined, sizeBytes: 70 })), {
    'layergate_saved_bytes_total{reason="single_flight"}': 70,
  })
})
