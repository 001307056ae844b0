import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UploadEnded, UploadProgress, UploadStarted } from '../../src/registry/events.ts'
import { createLiveUploads } from '../../src/telemetry/live-uploads.ts'

const about = { repository: 'team/app', agent: 'ci', entry: 'raw', requestId: 'one' } as const
const at = new Date(0)

/** An upload, and its end. */
function upload(): { started: UploadStarted; end: () => UploadEnded } {
  let phase: UploadProgress['phase'] = 'receiving'
  return {
    started: {
      ...about,
      type: 'upload_started',
      progress: () => ({ receivedBytes: 7, phase }),
    },
    end() {
      phase = 'ended'
      return { ...about, type: 'upload_ended', outcome: 'verified', sizeBytes: 7, seconds: 1 }
    },
  }
}

test('an upload is live from its beginning to its end', () => {
  const live = createLiveUploads(() => at)
  const { started, end } = upload()
  live.observe(started)
  assert.deepEqual(live.all(), [{ upload: started, startedAt: at }])
  live.observe(end())
  assert.deepEqual(live.all(), [])
})

test('of two uploads with the same request id the one that ended is gone, and the other stays', () => {
  const live = createLiveUploads(() => at)
  const [first, second] = [upload(), upload()]
  live.observe(first.started)
  live.observe(second.started)
  live.observe(second.end())
  const [left, ...others] = live.all()
  assert.equal(left?.upload, first.started)
  assert.deepEqual(others, [])
})

test('other events begin and end nothing', () => {
  const live = createLiveUploads(() => at)
  live.observe({ type: 'repository_seen', repository: 'team/app' })
  assert.deepEqual(live.all(), [])
})
