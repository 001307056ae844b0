import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import type { Call } from '../../../src/publish/upstream.ts'
import type { Catalog } from '../../../src/reads/catalog.ts'
import { parseReference } from '../../../src/registry/reference.ts'
import { coalescedCatalog } from '../../../src/upstream/registry/coalesced-catalog.ts'
import { createFakeCatalog, type CatalogCall } from '../../support/fake-catalog.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { upstreamError } from '../setup.ts'
import { upstreamError as failure } from '../../support/fake-upstream.ts'
import { byDigest, callWith, sha256, tag } from './setup.ts'

const layer = sha256('layer')
const call = callWith()
const never = new Promise<never>(() => {})

/** A catalog whose answers, and whose rests, wait until a test lets them go, the oldest first. */
function setUp() {
  const held: (() => void)[] = []
  const rests: { readonly ms: number; readonly wake: () => void }[] = []
  const fake = createFakeCatalog({
    before: ({ call: { signal } }) => waitFor(signal, (wake) => held.push(wake)),
  })
  const { manifest } = fake.putManifest('{}', 'v1')
  fake.layers.set(layer, 5)
  const sleep = (ms: number, signal: AbortSignal) =>
    waitFor(signal, (wake) => rests.push({ ms, wake }))
  return {
    fake,
    manifest,
    catalog: coalescedCatalog(fake, sleep),
    rests,
    sent: () => fake.calls.map(({ operation }) => operation),
    async answer() {
      held.shift()?.()
      await nextTurn()
    },
  }
}

function waitFor(signal: AbortSignal, add: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    add(resolve)
    signal.addEventListener('abort', () => reject(signal.reason))
    if (signal.aborted) reject(signal.reason)
  })
}

function leaving() {
  const leave = new AbortController()
  const reason = new Error('client gone')
  return {
    call: callWith({ signal: leave.signal }),
    leave: () => leave.abort(reason),
    isReason: (error: unknown) => error === reason,
  }
}

type Ask = (catalog: Catalog, call: Call) => Promise<unknown>

const fixed: Readonly<Record<string, Ask>> = {
  manifest: (catalog, asked) => catalog.manifest(asked, byDigest('{}')),
  manifestHead: (catalog, asked) => catalog.manifestHead(asked, byDigest('{}')),
  layerSizeBytes: (catalog, asked) => catalog.layerSizeBytes(asked, layer),
}

const changing: Readonly<Record<string, Ask>> = {
  manifest: (catalog, asked) => catalog.manifest(asked, tag('v1')),
  manifestHead: (catalog, asked) => catalog.manifestHead(asked, tag('v1')),
  tags: (catalog, asked) => catalog.tags(asked),
  referrers: (catalog, asked) => catalog.referrers(asked, layer),
}

const shared = [...Object.entries(fixed), ...Object.entries(changing)]

for (const [operation, ask] of shared) {
  const what = changing[operation] === ask ? `${operation} of what may change` : operation

  test(`${what} is one call for all who ask at the same time, and a new one for who asks later`, async () => {
    const { catalog, fake, sent, answer } = setUp()
    const all = Array.from({ length: 5 }, () => ask(catalog, callWith()))
    await nextTurn()
    await answer()
    const alone = ask(fake, call)
    await answer()
    const [found] = await Promise.all([alone, ...all])
    assert.notEqual(found, undefined)
    assert.deepEqual(
      await Promise.all(all),
      Array.from({ length: 5 }, () => found),
    )
    const later = ask(catalog, call)
    await nextTurn()
    await answer()
    assert.deepEqual(await later, found)
    assert.deepEqual(sent(), [operation, operation, operation])
  })

  test(`${what} goes out in the words of the first who asks`, async () => {
    const { catalog, fake, answer } = setUp()
    const asked = ask(catalog, call)
    await nextTurn()
    await answer()
    await asked
    const { signal: _, isAwaited: __, ...told } = fake.calls[0]?.call ?? call
    const { signal: ___, ...meant } = call
    assert.deepEqual(told, meant)
  })

  test(`${what} that fails fails for all, and is asked for anew`, async () => {
    let fails = true
    const failing = createFakeCatalog({
      before() {
        if (fails) throw failure('denied')
      },
    })
    const catalog = coalescedCatalog(failing, async () => {})
    const all = [ask(catalog, callWith()), ask(catalog, callWith())]
    for (const each of all) await assert.rejects(each, upstreamError('denied'))
    fails = false
    await ask(catalog, call)
    assert.equal(failing.calls.length, 2)
  })
}

for (const [operation, ask] of Object.entries(fixed)) {
  test(`${operation} by digest is joined while it is under way`, async () => {
    const { catalog, sent, answer } = setUp()
    const first = ask(catalog, callWith())
    await nextTurn()
    assert.deepEqual(sent(), [operation])
    const second = ask(catalog, callWith())
    await nextTurn()
    await answer()
    assert.deepEqual(await second, await first)
    assert.deepEqual(sent(), [operation])
  })
}

for (const [operation, ask] of Object.entries(changing)) {
  test(`${operation} of what may change: those who come while one is under way share the next`, async () => {
    const { catalog, sent, answer } = setUp()
    const first = ask(catalog, callWith())
    await nextTurn()
    const later = [ask(catalog, callWith()), ask(catalog, callWith())]
    await nextTurn()
    later.push(ask(catalog, callWith()))
    await nextTurn()
    assert.deepEqual(sent(), [operation])
    await answer()
    await first
    assert.deepEqual(sent(), [operation, operation])
    await answer()
    await Promise.all(later)
    assert.deepEqual(sent(), [operation, operation])
  })
}

test('a tag that is asked for after a push was answered names what was pushed', async () => {
  const { catalog, fake, manifest, answer } = setUp()
  const before = catalog.manifestHead(callWith(), tag('v1'))
  await nextTurn()
  const pushed = fake.putManifest('{ }', 'v1').manifest
  fake.tagged.set('v1', manifest.digest)
  const held = before.then((head) => {
    fake.tagged.set('v1', pushed.digest)
    return head
  })
  const after = catalog.manifestHead(callWith(), tag('v1'))
  await answer()
  assert.equal((await held)?.digest, manifest.digest)
  await nextTurn()
  await answer()
  assert.equal((await after)?.digest, pushed.digest)
})

test('no answer about a tag is older than its question, whatever the order of pushes, questions and answers', async () => {
  const steps = fc.array(
    fc.constantFrom('ask', 'push', 'answer', 'answer newest', 'late', 'turn'),
    {
      maxLength: 40,
    },
  )
  await fc.assert(
    fc.asyncProperty(steps, async (order) => {
      let version = 0
      const held: (() => void)[] = []
      const rests: (() => void)[] = []
      const fake = createFakeCatalog()
      const source: Catalog = {
        ...fake,
        // It reads at the moment when it is sent, and is answered later.
        async tags() {
          const seen = [String(version)]
          await new Promise<void>((resolve) => held.push(resolve))
          return seen
        },
      }
      const catalog = coalescedCatalog(source, () => new Promise((resolve) => rests.push(resolve)))
      const asked: { readonly atLeast: number; readonly tags: Promise<readonly string[]> }[] = []
      for (const step of order) {
        if (step === 'ask') asked.push({ atLeast: version, tags: catalog.tags(callWith()) })
        if (step === 'push') version += 1
        if (step === 'answer') held.shift()?.()
        if (step === 'answer newest') held.pop()?.()
        if (step === 'late') rests.shift()?.()
        if (step === 'turn') await nextTurn()
      }
      // None needs more than one read.
      for (const _ of asked) {
        await nextTurn()
        held.shift()?.()
      }
      for (const { atLeast, tags } of asked) {
        assert.ok(Number((await tags)[0]) >= atLeast)
      }
    }),
    { numRuns: 200 },
  )
})

test('a read that stands still holds up the next one of its tag for a second', async () => {
  const { catalog, sent, rests, answer } = setUp()
  const first = catalog.tags(callWith())
  await nextTurn()
  const second = catalog.tags(callWith())
  await nextTurn()
  assert.deepEqual(
    rests.map(({ ms }) => ms),
    [1_000],
  )
  rests[0]?.wake()
  await nextTurn()
  assert.deepEqual(sent(), ['tags', 'tags'])
  await answer()
  await first
  const third = catalog.tags(callWith())
  await nextTurn()
  assert.deepEqual(sent(), ['tags', 'tags'])
  await answer()
  await answer()
  assert.deepEqual(await Promise.all([first, second, third]), [['v1'], ['v1'], ['v1']])
  assert.deepEqual(sent(), ['tags', 'tags', 'tags'])
})

for (const [operation, ask] of shared) {
  const what = changing[operation] === ask ? `${operation} of what may change` : operation

  test(`who leaves ${what} leaves alone`, async () => {
    const { catalog, fake, answer } = setUp()
    const one = leaving()
    const left = ask(catalog, one.call)
    const stayed = ask(catalog, callWith())
    await nextTurn()
    one.leave()
    await assert.rejects(left, one.isReason)
    assert.equal(fake.calls[0]?.call.signal.aborted, false)
    await answer()
    assert.notEqual(await stayed, undefined)
  })

  test(`${what} ends when all have left, and nobody joins its end`, async () => {
    const { catalog, fake, answer } = setUp()
    const [one, other] = [leaving(), leaving()]
    const left = [ask(catalog, one.call), ask(catalog, other.call)]
    await nextTurn()
    one.leave()
    await assert.rejects(left[0] ?? never, one.isReason)
    assert.equal(fake.calls[0]?.call.signal.aborted, false)
    other.leave()
    await assert.rejects(left[1] ?? never, other.isReason)
    assert.equal(fake.calls[0]?.call.signal.aborted, true)
    const later = ask(catalog, callWith())
    await nextTurn()
    await answer()
    await answer()
    assert.notEqual(await later, undefined)
    assert.equal(fake.calls.length, 2)
  })

  test(`${what} that all left before it was sent is never sent`, async () => {
    const { catalog, sent } = setUp()
    const one = leaving()
    const left = ask(catalog, one.call)
    one.leave()
    await assert.rejects(left, one.isReason)
    await nextTurn()
    await assert.rejects(ask(catalog, one.call), one.isReason)
    await nextTurn()
    assert.deepEqual(sent(), [])
  })
}

test('a read that waits for another one and is left is never sent', async () => {
  const { catalog, sent, answer } = setUp()
  const first = catalog.tags(callWith())
  await nextTurn()
  const one = leaving()
  const left = catalog.tags(one.call)
  await nextTurn()
  one.leave()
  await assert.rejects(left, one.isReason)
  await answer()
  await first
  assert.deepEqual(sent(), ['tags'])
})

test('a read that does not end at once when all have left is joined by nobody', async () => {
  const { fake } = setUp()
  const calls: Call[] = []
  const deaf: Catalog = {
    ...fake,
    layerSizeBytes(asked) {
      calls.push(asked)
      return calls.length === 1 ? never : Promise.resolve(5)
    },
  }
  const catalog = coalescedCatalog(deaf, () => never)
  const one = leaving()
  const left = catalog.layerSizeBytes(one.call, layer)
  await nextTurn()
  one.leave()
  await assert.rejects(left, one.isReason)
  assert.equal(await catalog.layerSizeBytes(callWith(), layer), 5)
  const gone = leaving()
  const unsent = catalog.layerSizeBytes(gone.call, sha256('other'))
  gone.leave()
  await assert.rejects(unsent, gone.isReason)
  await nextTurn()
  assert.equal(calls.length, 2)
})

test('reads that differ in where they go, or in what they ask for, never join', async () => {
  const { catalog, sent, answer } = setUp()
  const destination = { name: 'default', registry: 'default' }
  const calls = [
    call,
    callWith({ repository: 'team/other' }),
    callWith({ destination: { ...destination, name: 'other' } }),
    callWith({ destination: { ...destination, registry: 'other' } }),
    callWith({ destination: { ...destination, registryId: 'other' } }),
  ]
  const asked = [
    ...calls.flatMap((each) => shared.map(([, ask]) => ask(catalog, each))),
    ...shared
      .slice(0, 2)
      .map(([operation]) =>
        operation === 'manifest'
          ? catalog.manifest(call, parseReference('v2'))
          : catalog.manifestHead(call, parseReference('v2')),
      ),
    catalog.referrers(call, sha256('other')),
    catalog.layerSizeBytes(call, sha256('other')),
  ]
  await nextTurn()
  assert.equal(sent().length, asked.length)
  for (const _ of asked) await answer()
  await Promise.all(asked)
})

test('the bytes of a blob go to each by itself', async () => {
  const { catalog, fake, answer } = setUp()
  const calls = [callWith(), callWith()]
  const blobs = Promise.all(calls.map((each) => catalog.blob(each, layer)))
  await nextTurn()
  await answer()
  await answer()
  assert.equal((await blobs).length, 2)
  assert.deepEqual(
    fake.calls.map((asked: CatalogCall) => asked.call),
    calls,
  )
})

test('a shared read is awaited as long as one of those who wait for it is', async () => {
  const { catalog, fake, answer } = setUp()
  let isAwaited = true
  const one = leaving()
  const left = catalog.manifest({ ...one.call, isAwaited: () => isAwaited }, byDigest('{}'))
  const stayed = catalog.manifest(callWith(), byDigest('{}'))
  await nextTurn()
  const sharedCall = fake.calls[0]?.call
  assert.equal(sharedCall?.isAwaited?.(), true)
  isAwaited = false
  assert.equal(sharedCall?.isAwaited?.(), false)
  isAwaited = true
  one.leave()
  await assert.rejects(left, one.isReason)
  assert.equal(sharedCall?.isAwaited?.(), false)
  await answer()
  await stayed
})

test('a read that is over is not kept by those behind it', async () => {
  const collect = collector()
  const { catalog, answer, fake } = setUp()
  const ended: WeakRef<AbortSignal>[] = []
  /** In a function of its own, so that nothing here holds the call. */
  function ask(): Promise<unknown> {
    const each = callWith({ signal: new AbortController().signal })
    ended.push(new WeakRef(each.signal))
    return catalog.manifestHead(each, parseReference('v1'))
  }
  const answers = [ask()]
  await nextTurn()
  for (let read = 0; read < 20; read += 1) {
    answers.push(ask())
    await nextTurn()
    await answer()
  }
  void answers.splice(0, answers.length - 1)
  // The fake remembers its calls.
  Reflect.set(fake.calls, 'length', 0)
  await nextTurn()
  collect()
  const kept = ended.filter((signal) => signal.deref()).length
  assert.ok(kept <= 3, `${kept} of ${ended.length} are kept`)
})

/** What `node --expose-gc` gives. */
function collector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc')
}
