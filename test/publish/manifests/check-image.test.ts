import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGate } from '../../../src/layers/gate.ts'
import type { VerifiedLayer } from '../../../src/layers/verified-layer.ts'
import { forwardKey, type Target } from '../../../src/publish/acceptance.ts'
import type { ForwardError } from '../../../src/publish/forward-journal.ts'
import type { CanPull } from '../../../src/publish/known-layer.ts'
import { checkImage, type ImageCheckPorts } from '../../../src/publish/manifests/check-image.ts'
import type { Digest } from '../../../src/registry/digest.ts'
import type { Findings } from '../../../src/registry/findings.ts'
import type { Manifest } from '../../../src/registry/manifest.ts'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { admitLayer, digestOf, layerBytes } from '../../support/layers.ts'
import { createMemoryFindings } from '../../support/memory-findings.ts'
import { createMemoryJournal } from '../../support/memory-journal.ts'
import { createMemorySpool } from '../../support/memory-spool.ts'
import { indexOf } from '../../support/manifests.ts'
import { configWith, foreignType, helmConfigType, manifestWith } from './image-of.ts'
import { target } from './setup-manifests.ts'

const other = { ...target, repository: parseRepositoryName('team/other') }
const elsewhere = { ...target, destination: { name: 'elsewhere', registry: 'elsewhere' } }
const flaw = {
  cause: 'malformed_gzip',
  detail: 'It ends within member 1.',
  evidence: { problem: 'ends_early' },
} as const
const hold: ForwardError = { code: 'malformed_gzip', detail: flaw.detail }
const nobody: CanPull = () => false
const anybody: CanPull = () => true

function good(diffId: Digest): Findings {
  return { compression: 'gzip', contents: 'tar', inflatedBytes: 1, diffId }
}

/** Ports in memory, where what was asked is written down. */
function setUp() {
  const spool = createMemorySpool()
  const gate = createGate(spool)
  const journal = createMemoryJournal()
  const findings = createMemoryFindings()
  const asked: string[] = []
  const ports: ImageCheckPorts = {
    findings: {
      of(digests) {
        asked.push(`findings ${digests.join()}`)
        return findings.of(digests)
      },
    },
    journal: {
      ofLayer(digest) {
        asked.push(`forwards ${digest}`)
        return journal.ofLayer(digest)
      },
    },
    spool: {
      open(digest) {
        asked.push(`bytes ${digest}`)
        return spool.open(digest)
      },
    },
  }
  let seeds = 0

  async function push(bytes: Buffer, where: Target = target, held?: ForwardError) {
    const layer = await admitLayer(spool, gate, bytes)
    await journal.record(forwardKey(where, layer.digest), where.agent, layer.sizeBytes, held)
    return layer
  }

  return {
    asked,
    findings,
    push,
    /** A layer of which the given was found; nothing where it is `undefined`. */
    async pushLayer(found: Findings | undefined, where?: Target, held?: ForwardError) {
      seeds += 1
      const layer = await push(layerBytes(50, seeds), where, held)
      if (found) await findings.keep(layer.digest, found)
      return layer
    },
    check: (manifest: Manifest, canPull = nobody) =>
      checkImage(ports, { target, manifest, canPull }),
  }
}

function diffIdOf(seed: number): Digest {
  return digestOf(layerBytes(60, seed))
}

function flawed({ digest, sizeBytes }: VerifiedLayer, index: number) {
  return { index, digest, sizeBytes, ...flaw }
}

test('an image that agrees with its blobs has no fault', async () => {
  const { push, pushLayer, check } = setUp()
  const layers = [await pushLayer(good(diffIdOf(1))), await pushLayer(good(diffIdOf(2)))]
  const config = await push(configWith([diffIdOf(1), diffIdOf(2)]))
  assert.deepEqual(await check(manifestWith(config, ...layers)), [])
})

test('every faulty blob is told, the layers in their order, then the config', async () => {
  const { push, pushLayer, check } = setUp()
  const broken = await pushLayer({ ...good(diffIdOf(1)), flaw })
  const sound = await pushLayer(good(diffIdOf(2)))
  const page = await pushLayer({ ...good(diffIdOf(3)), contents: 'html' })
  const config = await push(configWith([diffIdOf(1)]))
  const faults = await check(manifestWith(config, page, sound, broken))
  assert.deepEqual(
    faults.map(({ index, digest, sizeBytes, cause }) => [index, digest, sizeBytes, cause]),
    [
      [0, page.digest, 50, 'not_a_layer'],
      [2, broken.digest, 50, 'malformed_gzip'],
      [undefined, config.digest, config.sizeBytes, 'wrong_diff_id'],
    ],
  )
  assert.deepEqual(faults[1], flawed(broken, 2))
  assert.equal('index' in (faults[2] ?? {}), false)
})

test('a layer is held against the diff_id of its place', async () => {
  const { push, pushLayer, check } = setUp()
  const layers = [await pushLayer(good(diffIdOf(1))), await pushLayer(good(diffIdOf(2)))]
  const config = await push(configWith([diffIdOf(1), diffIdOf(3)]))
  const [fault, ...others] = await check(manifestWith(config, ...layers))
  assert.deepEqual([fault?.index, fault?.cause, others], [1, 'wrong_diff_id', []])
  assert.deepEqual(fault?.evidence, { configDiffId: diffIdOf(3), foundDiffId: diffIdOf(2) })
})

test('a layer that registries need not hold is not checked, and has its place among the diff_ids', async () => {
  const { push, pushLayer, check } = setUp()
  const foreign = await pushLayer({ ...good(diffIdOf(9)), flaw })
  const layer = await pushLayer(good(diffIdOf(2)))
  const config = await push(configWith([diffIdOf(1), diffIdOf(2)]))
  const named = { digest: foreign.digest, sizeBytes: 1, mediaType: foreignType }
  assert.deepEqual(await check(manifestWith(config, named, layer)), [])
})

test('a layer is not checked at a place where registries need not hold it, though it lies here', async () => {
  const { push, pushLayer, check } = setUp()
  const layer = await pushLayer(good(diffIdOf(1)))
  const config = await push(configWith([diffIdOf(1), diffIdOf(1)]))
  const named = { digest: layer.digest, sizeBytes: 1, mediaType: foreignType }
  assert.deepEqual(await check(manifestWith(config, named, layer)), [])
})

test('a layer that is named twice is faulty once', async () => {
  const { push, pushLayer, check } = setUp()
  const broken = await pushLayer({ ...good(diffIdOf(1)), flaw })
  const config = await push(configWith([diffIdOf(1), diffIdOf(1)]))
  assert.deepEqual(await check(manifestWith(config, broken, broken)), [flawed(broken, 0)])
})

test('a layer that is named twice has to fit at both places', async () => {
  const { push, pushLayer, check } = setUp()
  const layer = await pushLayer(good(diffIdOf(1)))
  const config = await push(configWith([diffIdOf(1), diffIdOf(2)]))
  const faults = await check(manifestWith(config, layer, layer))
  assert.deepEqual(
    faults.map(({ index, cause }) => [index, cause]),
    [[1, 'wrong_diff_id']],
  )
})

test('sizes are those of what was stored, of the config as well', async () => {
  const { push, pushLayer, check } = setUp()
  const layer = await pushLayer(good(diffIdOf(1)))
  const config = await push(configWith([diffIdOf(1)]))
  const faults = await check(
    manifestWith(
      { digest: config.digest, sizeBytes: 1 },
      {
        digest: layer.digest,
        sizeBytes: 2,
      },
    ),
  )
  assert.deepEqual(
    faults.map(({ digest, sizeBytes, cause, evidence }) => [digest, sizeBytes, cause, evidence]),
    [
      [layer.digest, 50, 'wrong_size', { namedBytes: 2, storedBytes: 50 }],
      [
        config.digest,
        config.sizeBytes,
        'wrong_size',
        { namedBytes: 1, storedBytes: config.sizeBytes },
      ],
    ],
  )
})

test('a layer of which nothing is kept is good for all that is known, and the others are judged', async () => {
  const { push, pushLayer, check } = setUp()
  const unknown = await pushLayer(undefined)
  const broken = await pushLayer({ ...good(diffIdOf(1)), flaw })
  const config = await push(configWith(undefined))
  assert.deepEqual(await check(manifestWith(config, unknown, broken)), [flawed(broken, 1)])
})

test('what is held is faulty for what it is held for, when its findings are gone', async () => {
  const { push, check } = setUp()
  const bytes = layerBytes(50, 99)
  const layer = await push(bytes, { ...target, repository: parseRepositoryName('team/third') })
  await push(bytes, other, hold)
  const config = await push(configWith(undefined))
  const faults = await check(manifestWith(config, layer), anybody)
  assert.deepEqual(
    faults.map(({ cause, detail, evidence }) => [cause, detail, evidence]),
    [['malformed_gzip', flaw.detail, {}]],
  )
  assert.deepEqual(await check(manifestWith(config, layer)), [], 'nobody may know of it')
})

for (const [what, where, canPull, isKnown] of [
  ['the repository itself', target, nobody, true],
  ['a repository that the agent may pull', other, (name) => name === other.repository, true],
  ['a repository that the agent may not pull', other, nobody, false],
  ['another registry', elsewhere, anybody, false],
] as const satisfies [string, Target, CanPull, boolean][]) {
  test(`what is known from ${what} ${isKnown ? 'is checked' : 'does not exist, and the same is asked'}`, async () => {
    const { asked, push, pushLayer, check } = setUp()
    const broken = await pushLayer({ ...good(diffIdOf(1)), flaw }, where)
    const config = await push(configWith([diffIdOf(1), diffIdOf(2)]), where)
    const manifest = manifestWith(config, broken)
    const faults = (await check(manifest, canPull)).map(({ digest }) => digest)
    assert.deepEqual(faults, isKnown ? [broken.digest, config.digest] : [])
    assert.equal(asked.includes(`bytes ${config.digest}`), isKnown)
    if (isKnown) return

    const hidden = asked.splice(0)
    const absent = { config: digestOf(layerBytes(7)), layer: digestOf(layerBytes(8)) }
    const unknown = manifestWith(
      { digest: absent.config, sizeBytes: 7 },
      { digest: absent.layer, sizeBytes: 8 },
    )
    assert.deepEqual(await check(unknown, canPull), [])
    const sameWords = hidden.map((question) =>
      question.replaceAll(config.digest, absent.config).replaceAll(broken.digest, absent.layer),
    )
    assert.deepEqual(asked, sameWords)
  })
}

test('what is no image is not looked at', async () => {
  const { asked, push, pushLayer, check } = setUp()
  const broken = await pushLayer({ ...good(diffIdOf(1)), flaw })
  const config = await push(Buffer.from('{}'))
  const named = { digest: config.digest, sizeBytes: 1, mediaType: helmConfigType }
  const artifact = manifestWith(named, broken)
  for (const manifest of [artifact, indexOf(artifact)]) {
    assert.deepEqual(await check(manifest, anybody), [])
  }
  assert.deepEqual(asked, [])
})

test('each blob is asked about once, however often it is named', async () => {
  const { asked, push, pushLayer, check } = setUp()
  const layer = await pushLayer(good(diffIdOf(1)))
  const config = await push(configWith(undefined))
  await check(manifestWith(config, layer, layer, layer))
  assert.deepEqual(asked, [
    `findings ${config.digest},${layer.digest}`,
    `forwards ${config.digest}`,
    `forwards ${layer.digest}`,
    `bytes ${config.digest}`,
  ])
})
