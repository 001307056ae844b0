import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  mintVerifiedLayer,
  openVerified,
  type VerifiedLayer,
} from '../../src/layers/verified-layer.ts'
import { storeLayer } from '../support/stored-layer.ts'

/** A lie to the compiler, as JavaScript or a careless `as` could tell it. */
function pretend(value: unknown): VerifiedLayer {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the forger's own tool
  return value as VerifiedLayer
}

const forgeries: Readonly<Record<string, (layer: VerifiedLayer) => unknown>> = {
  // oxlint-disable-next-line typescript/no-misused-spread -- that is the mistake
  'a spread copy': (layer) => ({ ...layer }),
  'a round trip through JSON': (layer) => JSON.parse(JSON.stringify(layer)),
  'a structured clone': (layer) => structuredClone(layer),
  'an object with its prototype': (layer) => Object.create(Object.getPrototypeOf(layer)),
  'an object with it as the prototype': (layer) => Object.create(layer),
  'a copy of all property descriptors': (layer) =>
    Object.create(Object.getPrototypeOf(layer), Object.getOwnPropertyDescriptors(layer)),
  'a plain object whose prototype is changed': (layer) =>
    Object.setPrototypeOf({ digest: layer.digest, sizeBytes: 1 }, Object.getPrototypeOf(layer)),
  'a proxy': (layer) => new Proxy(layer, {}),
  'a cast object': ({ digest, sizeBytes }) => ({ digest, sizeBytes, open: () => 'bytes' }),
  nothing: () => undefined,
  null: () => null,
  'its digest': ({ digest }) => digest,
}

for (const [what, forge] of Object.entries(forgeries)) {
  test(`${what} opens no bytes`, async () => {
    const { layer } = await storeLayer()
    await assert.rejects(openVerified(pretend(forge(layer))), TypeError)
  })
}

const keys: Readonly<Record<string, unknown>> = {
  'no key': undefined,
  'a symbol with the same description': Symbol('mint'),
  'a registered symbol with the same description': Symbol.for('mint'),
}

for (const [what, key] of Object.entries(keys)) {
  test(`the constructor of a layer makes none of ${what}`, async () => {
    const { layer } = await storeLayer()
    const make = layer.constructor
    const values = [key, layer, () => assert.fail('no forged layer may be opened')]
    assert.throws(() => Reflect.construct(make, values), /Only the gate/)
    assert.throws(() => Reflect.construct(make, values, Object), /Only the gate/)
    assert.throws(() => Reflect.construct(make, values, new Proxy(make, {})), /Only the gate/)
  })
}

test('no property of a layer, and no symbol, leads to its bytes or to its key', async () => {
  const { layer } = await storeLayer()
  assert.deepEqual(Reflect.ownKeys(layer), ['digest', 'sizeBytes'])
  assert.deepEqual(Reflect.ownKeys(Object.getPrototypeOf(layer)), ['constructor'])
  const ofClass = new Set(Reflect.ownKeys(layer.constructor))
  assert.deepEqual(ofClass, new Set(['length', 'name', 'prototype']))
})

test('the digest of a layer cannot be exchanged', async () => {
  const { layer } = await storeLayer()
  assert.throws(() => Object.assign(layer, { digest: 'sha256:other' }), TypeError)
  assert.throws(() => Object.defineProperty(layer, 'digest', { value: 'other' }), TypeError)
})

test('a layer of the gate opens its own bytes', async () => {
  const { layer, bytes } = await storeLayer()
  await using reader = await openVerified(layer)
  const read = Buffer.alloc(bytes.length)
  assert.equal(reader.sizeBytes, bytes.length)
  assert.equal(await reader.read(read, 0), bytes.length)
  assert.deepEqual(read, bytes)
})

test('a layer is not read before it is opened', async () => {
  const { layer } = await storeLayer()
  let opened = 0
  const minted = mintVerifiedLayer(layer, async () => {
    opened += 1
    throw new Error('unreadable')
  })
  assert.equal(opened, 0)
  await assert.rejects(openVerified(minted), /unreadable/)
  assert.equal(opened, 1)
})
