import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Recipient, type FinishPorts, finishUpload } from '../../src/ingest/finish-upload.ts'
import { openUpload } from '../../src/ingest/open-upload.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import { codeIs } from '../support/code-is.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { never, repository, setUp } from './setup.ts'

const bytes = layerBytes(10)
const received = { digest: digestOf(bytes), sizeBytes: bytes.length }

/** A received upload, with everything that is done about it recorded in `steps`. */
async function receivedUpload() {
  const ports = setUp()
  const steps: string[] = []
  const upload = await openUpload(ports, { repository, agent: 'ci', isResumable: false }, 0, never)
  await upload.writer.write(bytes)
  await upload.writer.flush()

  const recording: FinishPorts = {
    gate: {
      ...ports.gate,
      admit(id, layer, expected) {
        assert.equal(id, upload.session.id)
        steps.push('seal')
        return ports.gate.admit(id, layer, expected)
      },
    },
    cache: {
      ...ports.cache,
      hold(digest) {
        steps.push('hold')
        const held = ports.cache.hold(digest)
        return {
          [Symbol.dispose]() {
            steps.push('let go')
            held[Symbol.dispose]()
          },
        }
      },
    },
  }
  const recipient: Recipient<string> = {
    async check(digest) {
      steps.push(`check ${digest === received.digest}`)
    },
    async record(layer) {
      const isSealed = (await ports.spool.find(layer.digest)) !== undefined
      steps.push(`record ${isSealed}`)
      return 'recorded'
    },
  }
  return { ...ports, upload, recording, recipient, steps }
}

test('a layer is compared, checked, held, sealed, recorded, and only then let go', async () => {
  const { upload, recording, recipient, steps } = await receivedUpload()
  const result = await finishUpload(
    recording,
    upload.session.id,
    received,
    received.digest,
    recipient,
  )
  assert.equal(result, 'recorded')
  assert.deepEqual(steps, ['check true', 'hold', 'seal', 'record true', 'let go'])
})

test('of bytes with another digest nobody hears anything', async () => {
  const { upload, recording, recipient, steps, spool } = await receivedUpload()
  const expected = digestOf(layerBytes(10, 2))
  await assert.rejects(
    finishUpload(recording, upload.session.id, received, expected, recipient),
    codeIs('digest_mismatch'),
  )
  assert.deepEqual(steps, [])
  assert.deepEqual(
    [await spool.find(expected), await spool.find(received.digest)],
    [undefined, undefined],
  )
})

test('a layer that would not be accepted is not sealed', async () => {
  const { upload, recording, recipient, steps, spool } = await receivedUpload()
  const unknown = new LayergateError('repository_unknown', 'There is no such repository.')
  const refusing = { ...recipient, check: () => Promise.reject(unknown) }
  await assert.rejects(
    finishUpload(recording, upload.session.id, received, received.digest, refusing),
    unknown,
  )
  assert.deepEqual(steps, [])
  assert.equal(await spool.find(received.digest), undefined)
})

test('a layer that could not be recorded is let go, to be evicted like any other', async () => {
  const { upload, recording, recipient, steps } = await receivedUpload()
  const broken = new Error('the journal is broken')
  const failing = { ...recipient, record: () => Promise.reject(broken) }
  await assert.rejects(
    finishUpload(recording, upload.session.id, received, received.digest, failing),
    broken,
  )
  assert.deepEqual(steps, ['check true', 'hold', 'seal', 'let go'])
})
