import assert from 'node:assert/strict'
import { digestOf } from '../../../support/layers.ts'
import { locationOf, type OciAnswer, type OciClient } from '../../../support/oci-client.ts'

/** What the conformance suite asks after each good push: the blob is there, whole, and also where `Location` says. */
export async function assertPulled(
  client: OciClient,
  pushed: OciAnswer,
  bytes: Buffer,
): Promise<void> {
  const digest = digestOf(bytes)
  const location = locationOf(pushed, 201)
  assert.equal(pushed.headers.get('docker-content-digest'), digest)
  assert.equal(pushed.headers.get('content-length'), '0')

  const head = await client.blob('HEAD', digest)
  assert.equal(head.status, 200)
  assert.equal(head.headers.get('content-length'), String(bytes.length))
  assert.equal(head.headers.get('docker-content-digest'), digest)
  assert.equal(head.headers.get('content-type'), 'application/octet-stream')

  for (const whole of [await client.blob('GET', digest), await client.send('GET', location)]) {
    assert.equal(whole.status, 200)
    assert.equal(whole.headers.get('content-length'), String(bytes.length))
    assert.equal(whole.headers.get('docker-content-digest'), digest)
    assert.deepEqual(whole.bytes, bytes)
  }
  assert.equal((await client.blob('DELETE', digest)).status, 405)
}
