import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connect, EcrPublicCall } from './ecr-public-call.ts'
import { digestOf, layerBytes, partsOf } from './layer.ts'
import { complete, pushLayer, sendPart, sendParts, startRegistry } from './push.ts'

const MiB = 1024 * 1024
const partSizeBytes = 10 * MiB
const unknownUploadId = '00000000-0000-4000-8000-000000000000'

/** What ECR Public promises about layers, seen through a client that we did not write. */
export function testLayers(connect: Connect): void {
  test('a layer of three parts is pushed and lies there byte for byte', async (t) => {
    const { sandbox, call } = await startRegistry(t, connect)
    const layer = layerBytes('three parts', 21 * MiB)

    const uploadId = await sendParts(call, 'app', partsOf(layer, partSizeBytes))
    const completed = await complete(call, 'app', uploadId, digestOf(layer))

    assert.partialDeepStrictEqual(completed, { uploadId, layerDigest: digestOf(layer) })
    await assertAvailable(call, 'app', layer)
    assert.deepEqual(await sandbox.layerBytes('app', digestOf(layer)), layer)
  })

  test('an upload names a part size of 10 MiB and each part its last byte', async (t) => {
    const { call } = await startRegistry(t, connect)
    const upload = await call('InitiateLayerUpload', { repositoryName: 'app' })
    assert.partialDeepStrictEqual(upload, { partSize: partSizeBytes })

    const uploadId = await sendParts(call, 'app', [layerBytes('first', 4)])
    const sent = await sendPart(call, 'app', uploadId, 4, layerBytes('second', 6))
    assert.partialDeepStrictEqual(sent, { repositoryName: 'app', uploadId, lastByteReceived: 9 })
  })

  test('a layer of another repository is unavailable', async (t) => {
    const { call } = await startRegistry(t, connect)
    const layer = layerBytes('layer', 1000)
    await pushLayer(call, 'base', layer)
    await assertUnavailable(call, 'app', layer)
  })

  test('a wrong digest is an invalid layer, and nothing is stored', async (t) => {
    const { call } = await startRegistry(t, connect)
    const sent = layerBytes('sent', 1000)
    const meant = layerBytes('meant', 1000)
    const uploadId = await sendParts(call, 'app', [sent])

    await assert.rejects(complete(call, 'app', uploadId, digestOf(meant)), {
      name: 'InvalidLayerException',
    })
    for (const layer of [sent, meant]) {
      await assertUnavailable(call, 'app', layer)
    }
  })

  test('a part below 5 MiB may only be the last', async (t) => {
    const { call } = await startRegistry(t, connect)
    const parts = [layerBytes('first', 5 * MiB - 1), layerBytes('second', 10)]
    const uploadId = await sendParts(call, 'app', parts)

    await assert.rejects(complete(call, 'app', uploadId, digestOf(Buffer.concat(parts))), {
      name: 'LayerPartTooSmallException',
    })
  })

  test('a part that leaves a gap, or overlaps, is an invalid part', async (t) => {
    const { call } = await startRegistry(t, connect)
    const uploadId = await sendParts(call, 'app', [layerBytes('first', 100)])
    for (const partFirstByte of [101, 99, 0]) {
      await assert.rejects(sendPart(call, 'app', uploadId, partFirstByte, layerBytes('next', 10)), {
        name: 'InvalidLayerPartException',
      })
    }
  })

  test('a part whose length disagrees with its bounds is an invalid part', async (t) => {
    const { call } = await startRegistry(t, connect)
    const uploadId = await sendParts(call, 'app', [])
    const part = {
      repositoryName: 'app',
      uploadId,
      partFirstByte: 0,
      partLastByte: 100,
      layerPartBlob: layerBytes('part', 100),
    }
    await assert.rejects(call('UploadLayerPart', part), { name: 'InvalidLayerPartException' })
    await assert.rejects(complete(call, 'app', uploadId, digestOf(part.layerPartBlob)), {
      name: 'EmptyUploadException',
    })
  })

  test('an upload that nobody began is not found', async (t) => {
    const { call } = await startRegistry(t, connect)
    const part = layerBytes('part', 10)
    await assert.rejects(sendPart(call, 'app', unknownUploadId, 0, part), {
      name: 'UploadNotFoundException',
    })
    await assert.rejects(complete(call, 'app', unknownUploadId, digestOf(part)), {
      name: 'UploadNotFoundException',
    })
  })

  test('an upload of another repository is not found', async (t) => {
    const { call } = await startRegistry(t, connect)
    const part = layerBytes('part', 10)
    const uploadId = await sendParts(call, 'base', [part])
    await assert.rejects(complete(call, 'app', uploadId, digestOf(part)), {
      name: 'UploadNotFoundException',
    })
    await complete(call, 'base', uploadId, digestOf(part))
  })

  test('an upload without parts cannot be completed', async (t) => {
    const { call } = await startRegistry(t, connect)
    const uploadId = await sendParts(call, 'app', [])
    await assert.rejects(complete(call, 'app', uploadId, digestOf('')), {
      name: 'EmptyUploadException',
    })
  })

  test('a layer that is there already exists', async (t) => {
    const { call } = await startRegistry(t, connect)
    const layer = layerBytes('layer', 1000)
    await pushLayer(call, 'app', layer)
    await assert.rejects(pushLayer(call, 'app', layer), { name: 'LayerAlreadyExistsException' })
    await assertAvailable(call, 'app', layer)
  })
}

async function assertAvailable(call: EcrPublicCall, repositoryName: string, layer: Buffer) {
  const layerDigest = digestOf(layer)
  assert.partialDeepStrictEqual(
    await call('BatchCheckLayerAvailability', { repositoryName, layerDigests: [layerDigest] }),
    { layers: [{ layerDigest, layerAvailability: 'AVAILABLE', layerSize: layer.length }] },
  )
}

async function assertUnavailable(call: EcrPublicCall, repositoryName: string, layer: Buffer) {
  const layerDigest = digestOf(layer)
  assert.partialDeepStrictEqual(
    await call('BatchCheckLayerAvailability', { repositoryName, layerDigests: [layerDigest] }),
    { layers: [{ layerDigest, layerAvailability: 'UNAVAILABLE' }] },
  )
}
