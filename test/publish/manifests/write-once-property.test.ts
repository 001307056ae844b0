import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import * as fc from 'fast-check'
import type { Upstream } from '../../../src/publish/upstream.ts'
import type { Digest } from '../../../src/registry/digest.ts'
import type { Manifest } from '../../../src/registry/manifest.ts'
import { codeIs } from '../../support/code-is.ts'
import { upstreamError } from '../../support/fake-upstream.ts'
import { indexOf } from '../../support/manifests.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { settings, watch } from './setup-manifests.ts'
import { careful, otherAgent, setUpWriteOnce, v1 } from './setup-write-once.ts'

/** How a PutImage under the tag ends. `lost`: it was carried out, `failed`: it was not, and nobody knows in both cases. */
type End = 'done' | 'refused' | 'lost' | 'failed'

type Step =
  | { readonly do: 'arrive'; readonly what: number; readonly isStranger: boolean }
  | { readonly do: 'leave'; readonly who: number }
  | { readonly do: 'end'; readonly how: End }
  | { readonly do: 'rest' | 'wait' }

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('arrive'),
      what: fc.nat({ max: 3 }),
      isStranger: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('leave'), who: fc.nat({ max: 7 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('end'),
      how: fc.constantFrom('done', 'done', 'done', 'refused', 'lost', 'failed'),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ do: 'rest' as const }, { do: 'wait' as const }) },
)

const scripts = fc.array(steps, { maxLength: 40, size: 'max' })

interface Put {
  readonly manifest: Manifest
  readonly agent: string
  readonly leaving: AbortController
  readonly answer: { now(): unknown }
}

interface Naming {
  readonly digest: Digest
  readonly agent: string
}

async function setUp(t: TestContext) {
  const puts: Put[] = []
  const inFlight: ((how: End) => void)[] = []
  /** What the tag has named, in order. */
  const history: Naming[] = []
  let most = 0

  const wrapUpstream = (upstream: Upstream): Upstream => ({
    ...upstream,
    async putManifest(call, manifest, tag) {
      if (tag === undefined) return upstream.putManifest(call, manifest)
      const { promise, resolve } = Promise.withResolvers<End>()
      inFlight.push(resolve)
      most = Math.max(most, inFlight.length)
      const how = await promise
      if (how === 'refused') throw upstreamError('rejected')
      if (how === 'failed') throw upstreamError('unavailable')
      // Whatever the client does: what was sent is carried out.
      await upstream.putManifest({ ...call, signal: new AbortController().signal }, manifest, tag)
      history.push({ digest: manifest.digest, agent: call.agent })
      if (how === 'lost') throw upstreamError('unavailable')
    },
  })
  const all = setUpWriteOnce(t, { wrapUpstream })
  const images = [await all.image('amd64'), await all.image('arm64'), await all.image('amd64')]
  for (const image of images) await all.byDigest(image)
  const platform = (digest: Digest) => (digest === images[1]?.digest ? 'arm64' : 'amd64')
  const index = indexOf(...images.slice(0, 2))
  const manifests = [...images, index]

  async function take(step: Step): Promise<void> {
    if (step.do === 'arrive') {
      const manifest = manifests[step.what]
      assert.ok(manifest)
      const leaving = new AbortController()
      const target = step.isStranger ? otherAgent : careful
      const options = { target, signal: leaving.signal, waitMs: 10 ** 9 }
      const answer = watch(all.put(manifest, options))
      puts.push({ manifest, agent: target.agent, leaving, answer })
    } else if (step.do === 'leave') {
      puts[step.who % puts.length]?.leaving.abort(new Error('the client left'))
    } else if (step.do === 'end') {
      inFlight.shift()?.(step.how)
    } else {
      all.clock.advance(step.do === 'rest' ? settings.pauseMs : 121_000)
    }
    await nextTurn()
  }

  return {
    ...all,
    puts,
    platform,
    index,
    history,
    take,
    mostAtOnce: () => most,
    /** Lets everything go well until nothing is left to do. */
    async finish() {
      for (let round = 0; inFlight.length > 0 || puts.some(isWaiting); round += 1) {
        assert.ok(round < 100, 'everybody is answered')
        await take({ do: 'end', how: 'done' })
        await take({ do: 'rest' })
      }
    },
  }
}

function isWaiting({ answer }: Put): boolean {
  return answer.now() === 'waiting'
}

function isPublished({ answer }: Put): boolean {
  return JSON.stringify(answer.now()) === '{"state":"published"}'
}

test('whatever arrives, leaves and fails: a tag that is written once moves at most from an image to the index around it', async (t) => {
  await fc.assert(
    fc.asyncProperty(scripts, async (script) => {
      t.mock.restoreAll()
      const { take, finish, puts, upstream, history, index, mostAtOnce, platform } = await setUp(t)
      for (const step of script) await take(step)
      await finish()
      assert.ok(mostAtOnce() <= 1)

      const names = history.filter(({ digest }, at) => digest !== history[at - 1]?.digest)
      const [first, second, ...others] = names
      assert.deepEqual(others, [])
      if (first && second) {
        assert.equal(second.digest, index.digest)
        assert.ok(index.children.some(({ digest }) => digest === first.digest))
        assert.equal(second.agent, first.agent)
      }
      const last = names.at(-1)?.digest
      assert.equal(upstream.tags.get(v1), last)

      const isPart = (digest: Digest) => index.children.some((child) => child.digest === digest)
      for (const each of puts) {
        const { digest } = each.manifest
        if (isPublished(each)) {
          const wasNamed = names.some((name) => name.digest === digest)
          // Nothing tells it from one more child of an index that is still to come; others may have joined its put.
          const maySeemChild =
            first !== undefined &&
            puts.some(
              ({ agent, manifest }) => agent === first.agent && manifest === each.manifest,
            ) &&
            platform(digest) !== platform(first.digest)
          assert.ok(wasNamed || isPart(digest) || maySeemChild, 'who was answered has its place')
          if (digest === index.digest) assert.equal(last, digest)
        } else if (codeIs('tag_write_once')(each.answer.now())) {
          assert.notEqual(last, undefined)
        }
      }
    }),
    { numRuns: 200 },
  )
})
