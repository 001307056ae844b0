import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setUpMetrics } from './setup.ts'

/** Every series of the service, with its type. */
const series: Readonly<Record<string, string>> = {
  layergate_layer_uploads_total: 'counter',
  layergate_invalid_layers_total: 'counter',
  layergate_unexamined_layers_total: 'counter',
  layergate_layer_forwards_total: 'counter',
  layergate_manifests_total: 'counter',
  layergate_manifest_wait_seconds: 'histogram',
  layergate_upstream_requests_total: 'counter',
  layergate_upstream_retries_total: 'counter',
  layergate_upstream_request_duration_seconds: 'histogram',
  layergate_upstream_wait_seconds: 'histogram',
  layergate_upstream_quota_per_second: 'gauge',
  layergate_credentials_refresh_total: 'counter',
  layergate_received_bytes_total: 'counter',
  layergate_forwarded_bytes_total: 'counter',
  layergate_saved_bytes_total: 'counter',
  layergate_upload_duration_seconds: 'histogram',
  layergate_forward_duration_seconds: 'histogram',
  layergate_layer_size_bytes: 'histogram',
  layergate_uploads_in_progress: 'gauge',
  layergate_uploads_waiting: 'gauge',
  layergate_forwards_in_progress: 'gauge',
  layergate_forwards_waiting: 'gauge',
  layergate_forwards_parked: 'gauge',
  layergate_forwards_held: 'gauge',
  layergate_forward_backlog_bytes: 'gauge',
  layergate_forward_oldest_seconds: 'gauge',
  layergate_spool_bytes: 'gauge',
  layergate_spool_capacity_bytes: 'gauge',
  layergate_degraded: 'gauge',
  layergate_http_requests_total: 'counter',
  layergate_http_request_duration_seconds: 'histogram',
  layergate_auth_disabled: 'gauge',
  layergate_auth_failures_total: 'counter',
  layergate_policy_last_reload_successful: 'gauge',
  layergate_build_info: 'gauge',
}

test('the series are these, and no others', async () => {
  const { types } = await setUpMetrics().samples()
  assert.deepEqual(Object.fromEntries(types), series)
})

test('every series has a sample at the first scrape', async () => {
  const { values } = await setUpMetrics().samples()
  const names = new Set([...values.keys()].map((name) => name.replace(/\{.*/, '')))
  for (const [name, type] of Object.entries(series)) {
    assert.ok(names.has(type === 'histogram' ? `${name}_count` : name), name)
  }
})

test('at the first scrape everything is zero but what is a fact', async () => {
  const { values } = await setUpMetrics().samples()
  const notZero = [...values].filter(([, value]) => value !== 0)
  assert.deepEqual(Object.fromEntries(notZero), {
    'layergate_build_info{version="1.2.3"}': 1,
    layergate_policy_last_reload_successful: 1,
    layergate_spool_capacity_bytes: 1000,
    'layergate_upstream_quota_per_second{destination="default",operation="PutImage"}': 10,
  })
})

for (const sample of [
  'layergate_layer_uploads_total{agent="other",entry="raw",outcome="verified",repository="other"}',
  'layergate_layer_uploads_total{agent="other",entry="multipart",outcome="refused",repository="other"}',
  'layergate_layer_uploads_total{agent="other",entry="oci",outcome="aborted",repository="other"}',
  'layergate_invalid_layers_total{cause="empty",repository="other",stage="refused"}',
  'layergate_invalid_layers_total{cause="unknown",repository="other",stage="refused"}',
  'layergate_invalid_layers_total{cause="in_transit",repository="other",stage="upstream"}',
  'layergate_invalid_layers_total{cause="unresolved",repository="other",stage="upstream"}',
  'layergate_invalid_layers_total{cause="spool_damaged",repository="other",stage="upstream"}',
  'layergate_invalid_layers_total{cause="malformed_gzip",repository="other",stage="refused"}',
  'layergate_invalid_layers_total{cause="wrong_diff_id",repository="other",stage="reported"}',
  'layergate_unexamined_layers_total{reason="ratio"}',
  'layergate_layer_forwards_total{outcome="parked",repository="other"}',
  'layergate_upstream_requests_total{destination="default",operation="CompleteLayerUpload",outcome="InvalidLayerException"}',
  'layergate_upstream_requests_total{destination="default",operation="InitiateLayerUpload",outcome="success"}',
  'layergate_upstream_requests_total{destination="default",operation="InitiateLayerUpload",outcome="other"}',
  'layergate_upstream_requests_total{destination="default",operation="CompleteLayerUpload",outcome="other"}',
  'layergate_upstream_retries_total{destination="default",operation="InitiateLayerUpload",reason="throttled"}',
  'layergate_upstream_retries_total{destination="default",operation="RefreshCredentials",reason="unavailable"}',
  'layergate_credentials_refresh_total{destination="default",outcome="refreshed"}',
  'layergate_credentials_refresh_total{destination="default",outcome="failed"}',
  'layergate_received_bytes_total{entry="multipart"}',
  'layergate_received_bytes_total{entry="oci"}',
  'layergate_manifests_total{outcome="published",repository="other"}',
  'layergate_manifests_total{outcome="superseded",repository="other"}',
  'layergate_manifests_total{outcome="refused",repository="other"}',
  'layergate_manifests_total{outcome="failed",repository="other"}',
  'layergate_manifests_total{outcome="aborted",repository="other"}',
  'layergate_saved_bytes_total{reason="already_present"}',
  'layergate_saved_bytes_total{reason="mount"}',
  'layergate_degraded{reason="journal_failed"}',
  'layergate_degraded{reason="spool_nearly_full"}',
  'layergate_degraded{reason="forwards_parked"}',
  'layergate_http_requests_total{operation="uploadLayer",status="507"}',
  'layergate_http_requests_total{operation="startBlobUpload",status="503"}',
  'layergate_http_requests_total{operation="appendBlobChunk",status="500"}',
  'layergate_http_requests_total{operation="finishBlobUpload",status="502"}',
  'layergate_http_requests_total{operation="putManifest",status="500"}',
  'layergate_http_request_duration_seconds_count{operation="finishBlobUpload",status="499"}',
]) {
  test(`${sample} stands at zero from the first scrape on`, async () => {
    assert.equal((await setUpMetrics().samples()).values.get(sample), 0)
  })
}

test('InvalidLayerException stands at zero for the one operation that may answer it, and no other', async () => {
  const { values } = await setUpMetrics().samples()
  const named = [...values.keys()].filter((name) => name.includes('InvalidLayerException'))
  const labels =
    'destination="default",operation="CompleteLayerUpload",outcome="InvalidLayerException"'
  assert.deepEqual(named, [`layergate_upstream_requests_total{${labels}}`])
})
