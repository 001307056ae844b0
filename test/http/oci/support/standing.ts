import assert from 'node:assert/strict'
import {
  assertRefused,
  locationOf,
  type OciAnswer,
  type OciClient,
} from '../../../support/oci-client.ts'

/** 416, and the upload says that it stands where it stood. */
export async function assertOutOfRange(
  client: OciClient,
  answer: OciAnswer,
  location: string,
  range: string,
): Promise<void> {
  assertRefused(answer, 416, 'BLOB_UPLOAD_INVALID', 'upload_range_invalid')
  assert.equal(answer.headers.get('location'), location)
  assert.equal(answer.headers.get('range'), range)
  await assertStands(client, location, range)
}

export async function assertStands(
  client: OciClient,
  location: string,
  range: string,
): Promise<void> {
  const state = await client.send('GET', location)
  assert.equal(locationOf(state, 204), location)
  assert.equal(state.headers.get('range'), range)
}
