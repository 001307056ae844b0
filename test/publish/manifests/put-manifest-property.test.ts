import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import * as fc from 'fast-check'
import type { VerifiedLayer } from '../../../src/layers/verified-layer.ts'
import type { Upstream } from '../../../src/publish/upstream.ts'
import type { Manifest } from '../../../src/registry/manifest.ts'
import { parseTag, type Tag } from '../../../src/registry/reference.ts'
import { upstreamError } from '../../support/fake-upstream.ts'
import { imageOf } from '../../support/manifests.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { settings, setUpManifests, watch } from './setup-manifests.ts'

/** How a PutImage under a tag ends. `lost`: it was carried out, `failed`: it was not, and nobody knows in both cases. */
type End = 'done' | 'refused' | 'lost' | 'failed'

type Step =
  | { readonly do: 'arrive'; readonly tags: readonly Tag[] }
  | { readonly do: 'forward' | 'leave'; readonly who: number }
  | { readonly do: 'end'; readonly which: number; readonly how: End }
  | { readonly do: 'rest' }

const tags = ['a', 'b'].map(parseTag)
const tagLists = [tags, tags.slice(0, 1), tags.slice(0, 1), tags.slice(1), []]
const someone = fc.nat({ max: 7 })
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('arrive'), tags: fc.constantFrom(...tagLists) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('forward'), who: someone }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave'), who: someone }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('end'),
      which: fc.nat({ max: 1 }),
      how: fc.constantFrom('done', 'done', 'refused', 'lost', 'failed'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'rest' }) },
)

const scripts = fc.array(steps, { maxLength: 60, size: 'max' })

/** A PutImage under a tag, which ends when the test wants it. */
interface Move {
  readonly who: number
  readonly tag: Tag
  end(how: End): void
}

interface Push {
  readonly layer: VerifiedLayer
  readonly manifest: Manifest
  readonly tags: readonly Tag[]
  readonly leaving: AbortController
  readonly answer: { now(): unknown }
  isForwarded: boolean
}

function setUp(t: TestContext) {
  const pushes: Push[] = []
  const inFlight: Move[] = []
  const violations: string[] = []
  /** Who moved each tag, in order. */
  const moved = new Map<Tag, number[]>(tags.map((tag) => [tag, []]))

  const wrapUpstream = (upstream: Upstream): Upstream => ({
    ...upstream,
    async putManifest(call, manifest, tag) {
      if (tag === undefined) return upstream.putManifest(call, manifest)
      const who = pushes.findIndex((push) => push.manifest.digest === manifest.digest)
      if (inFlight.some((move) => move.tag === tag)) violations.push(`two move ${tag}`)
      if (pushes[who]?.leaving.signal.aborted) violations.push(`${who} moves ${tag} after it left`)
      const { promise, resolve } = Promise.withResolvers<End>()
      inFlight.push({ who, tag, end: resolve })
      const how = await promise
      if (how === 'refused') throw upstreamError('rejected')
      if (how === 'failed') throw upstreamError('unavailable')
      // Whatever the client does: what was sent is carried out.
      await upstream.putManifest({ ...call, signal: new AbortController().signal }, manifest, tag)
      moved.get(tag)?.push(who)
      if (how === 'lost') throw upstreamError('unavailable')
    },
  })
  const all = setUpManifests(t, { wrapUpstream })

  async function forward(push: Push | undefined): Promise<void> {
    if (!push || push.isForwarded) return
    push.isForwarded = true
    await all.forward(push.layer)
  }

  const one = (who: number) => pushes[who % pushes.length]

  function end(which: number, how: End): void {
    const [move] = inFlight.splice(which % inFlight.length, 1)
    move?.end(how)
  }

  async function take(step: Step): Promise<void> {
    switch (step.do) {
      case 'arrive': {
        const layer = await all.push()
        const manifest = imageOf(layer)
        const leaving = new AbortController()
        const options = { tags: step.tags, signal: leaving.signal, waitMs: 10 ** 9 }
        const rest = { layer, manifest, tags: step.tags, leaving, isForwarded: false }
        pushes.push({ ...rest, answer: watch(all.put(manifest, options)) })
        break
      }
      case 'forward':
        await forward(one(step.who))
        break
      case 'leave':
        one(step.who)?.leaving.abort(new Error('the client left'))
        break
      case 'end':
        end(step.which, step.how)
        break
      case 'rest':
        all.clock.advance(settings.pauseMs)
    }
    await nextTurn()
  }

  return {
    ...all,
    pushes,
    moved,
    violations,
    take,
    /** Lets everything go well until nothing is left to do. */
    async finish() {
      for (const push of pushes) await forward(push)
      for (let round = 0; inFlight.length > 0 || pushes.some(isWaiting); round += 1) {
        assert.ok(round < 100, 'everybody is answered')
        end(0, 'done')
        await take({ do: 'rest' })
      }
    },
  }
}

function isWaiting({ answer }: Push): boolean {
  return answer.now() === 'waiting'
}

function isPublished({ answer }: Push): boolean {
  return JSON.stringify(answer.now()) === '{"state":"published"}'
}

test('whatever arrives, leaves and fails: a tag is moved by one at a time, never back, and ends at the newest', async (t) => {
  await fc.assert(
    fc.asyncProperty(scripts, async (script) => {
      t.mock.restoreAll()
      const { take, finish, pushes, moved, violations, upstream, puts } = setUp(t)
      for (const step of script) await take(step)
      await finish()
      await puts.stop()
      assert.deepEqual(violations, [])

      const published = pushes.filter(isPublished)
      for (const { manifest } of published) assert.ok(upstream.manifests.has(manifest.digest))
      for (const [tag, movers] of moved) {
        assert.deepEqual(
          movers,
          movers.toSorted((one, other) => one - other),
          'never backwards',
        )
        const last = movers.at(-1)
        assert.equal(
          upstream.tags.get(tag),
          last === undefined ? last : pushes[last]?.manifest.digest,
        )
        const newest = pushes.findLastIndex((push) => isPublished(push) && push.tags.includes(tag))
        assert.ok(newest <= (last ?? -1), 'who was answered is there, or was')
      }
    }),
    { numRuns: 200 },
  )
})
