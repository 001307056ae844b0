import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasCode } from '../../../src/registry/errors.ts'
import { codeIs } from '../../support/code-is.ts'
import { loseAnswer, refuse, scripted, upstreamError } from '../../support/fake-upstream.ts'
import { indexOf } from '../../support/manifests.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { manifestWith } from './image-of.ts'
import { gated, latest, settings, watch } from './setup-manifests.ts'
import { careful, otherAgent, published, setUpWriteOnce, v1, v2 } from './setup-write-once.ts'

const refused = codeIs('tag_write_once')

test('a tag that is written once is given to the first image', async (t) => {
  const { put, image, tag, puttings, ends } = setUpWriteOnce(t)
  const first = await image('amd64')
  assert.deepEqual(await put(first), published)
  assert.equal(tag(v1), first.digest)
  assert.deepEqual([puttings(), ends()], [['put v1'], ['published']])
})

test('another image is refused, and put nowhere', async (t) => {
  const { put, image, tag, upstream, puttings, ends } = setUpWriteOnce(t)
  const [first, other] = [await image('amd64'), await image('amd64')]
  await put(first)
  await assert.rejects(put(other), (error) => {
    assert.ok(hasCode(error, 'tag_write_once'))
    for (const part of ['v1', first.digest, other.digest]) assert.ok(error.message.includes(part))
    assert.equal(error.facts.expected?.digest, first.digest)
    assert.deepEqual(error.facts.actual, { digest: other.digest, sizeBytes: other.bytes.length })
    return true
  })
  assert.equal(tag(v1), first.digest)
  assert.equal(upstream.manifests.has(other.digest), false)
  assert.deepEqual([puttings(), ends()], [['put v1'], ['published', 'refused']])
})

test('the same image again is a success, and nothing is put', async (t) => {
  const { put, image, puttings, ends } = setUpWriteOnce(t)
  const first = await image('amd64')
  await put(first)
  assert.deepEqual(await put(first), published)
  assert.deepEqual(await put(first, { target: otherAgent }), published)
  assert.deepEqual([puttings(), ends()], [['put v1'], Array(3).fill('published')])
})

test('other tags of the same destination move as ever', async (t) => {
  const { put, image, tag } = setUpWriteOnce(t)
  const newer = await image('amd64')
  await put(await image('amd64'), { tags: [latest] })
  await put(newer, { tags: [latest] })
  assert.equal(tag(latest), newer.digest)
})

test('a tag that somebody else has written, or removed, is as it is upstream', async (t) => {
  const { put, image, tag, upstream } = setUpWriteOnce(t)
  const [theirs, ours] = [await image('amd64'), await image('amd64')]
  upstream.tags.set(v1, theirs.digest)
  await assert.rejects(put(ours), refused)
  upstream.tags.delete(v1)
  await put(ours)
  assert.equal(tag(v1), ours.digest)
})

test('of several tags one that is taken keeps all from being put', async (t) => {
  const { put, image, tag, puttings } = setUpWriteOnce(t)
  const [first, other] = [await image('amd64'), await image('amd64')]
  await put(first, { tags: [v2] })
  await assert.rejects(put(other, { tags: [latest, v1, v2] }), refused)
  assert.deepEqual([tag(latest), tag(v1), tag(v2)], [undefined, undefined, first.digest])
  assert.deepEqual(puttings(), ['put v2'])
})

test('of several tags those that name the image already are left alone', async (t) => {
  const { put, image, tag, puttings } = setUpWriteOnce(t)
  const first = await image('amd64')
  await put(first)
  await put(first, { tags: [v1, v2, latest] })
  assert.deepEqual([tag(v1), tag(v2), tag(latest)], Array(3).fill(first.digest))
  assert.deepEqual(puttings(), ['put v1', 'put v2', 'put latest'])
})

test('an older push that is slower than a newer one is refused, not superseded', async (t) => {
  const { push, put, image, forward, tag, ends } = setUpWriteOnce(t)
  const slow = await push()
  const answer = watch(put(manifestWith(slow)))
  const newer = await image('amd64')
  await put(newer)
  await forward(slow)
  assert.ok(refused(answer.now()))
  assert.equal(tag(v1), newer.digest)
  assert.deepEqual(ends(), ['published', 'refused'])
})

test('an older push of the same image is a success', async (t) => {
  const { put, image, upstream, puttings } = setUpWriteOnce(t)
  const [first, other] = [await image('amd64'), await image('amd64')]
  const lost = first.blobs.map(({ digest }) => digest)
  await put(first)
  const ends = await Promise.allSettled([put(first), put(other), put(first)])
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.equal(
    lost.every((digest) => upstream.layers.has(digest)),
    true,
  )
  assert.deepEqual(puttings(), ['put v1'])
})

test('of two images at once one has the tag, and the other is refused', async (t) => {
  const slow = gated()
  const { put, image, tag, puttings } = setUpWriteOnce(t, {
    faults: scripted({ putManifest: [slow] }),
  })
  const [one, other] = [await image('amd64'), await image('amd64')]
  const answers = [watch(put(one)), watch(put(other))]
  await nextTurn()
  assert.deepEqual(puttings(), ['put v1'])
  slow.release()
  await nextTurn()
  assert.deepEqual(answers[0]?.now(), published)
  assert.ok(refused(answers[1]?.now()))
  assert.equal(tag(v1), one.digest)
})

test('those who put the same image at once are answered by one put', async (t) => {
  const { put, image, puttings, ends } = setUpWriteOnce(t)
  const first = await image('amd64')
  assert.deepEqual(await Promise.all([put(first), put(first)]), [published, published])
  assert.deepEqual([puttings(), ends()], [['put v1'], ['published']])
})

test('a put whose answer was lost is not refused by its own success', async (t) => {
  const faults = scripted({ putManifest: [loseAnswer('unavailable')] })
  const { put, image, clock, tag, puttings } = setUpWriteOnce(t, { faults })
  const first = await image('amd64')
  const answer = watch(put(first))
  await nextTurn()
  assert.equal(answer.now(), 'waiting')
  clock.advance(settings.pauseMs)
  await nextTurn()
  assert.deepEqual(answer.now(), published)
  assert.equal(tag(v1), first.digest)
  assert.deepEqual(puttings(), ['put v1'])
})

test('a put that may have worked, and was given up, refuses the next image when it did', async (t) => {
  const faults = scripted({ putManifest: [loseAnswer('unavailable')] })
  const { put, image, tag } = setUpWriteOnce(t, { faults })
  const [first, other] = [await image('amd64'), await image('amd64')]
  const leaving = new AbortController()
  const answer = put(first, { signal: leaving.signal })
  await nextTurn()
  leaving.abort(new Error('the client left'))
  await assert.rejects(answer)
  await assert.rejects(put(other), refused)
  assert.equal(tag(v1), first.digest)
})

test('while AWS is down nobody is refused; the put waits, and is made when the tag can be read', async (t) => {
  let isDown = true
  const { put, image, upstream, clock, tag } = setUpWriteOnce(t, {
    readTag: async (name) => {
      if (isDown) throw upstreamError('unavailable')
      return upstream.tags.get(name)
    },
  })
  const first = await image('amd64')
  const answer = watch(put(first))
  await nextTurn()
  assert.deepEqual([answer.now(), tag(v1)], ['waiting', undefined])
  isDown = false
  clock.advance(settings.pauseMs)
  await nextTurn()
  assert.deepEqual(answer.now(), published)
  assert.equal(tag(v1), first.digest)
})

test('a refusal of AWS leaves the tag to others', async (t) => {
  const faults = scripted({ putManifest: [refuse('rejected')] })
  const { put, image, tag } = setUpWriteOnce(t, { faults })
  await assert.rejects(put(await image('amd64')), codeIs('upstream_rejected'))
  const second = await image('amd64')
  await put(second)
  assert.equal(tag(v1), second.digest)
})

test('the index by its tag, then each child under the tag, then the index again: the tag stays', async (t) => {
  const { put, byDigest, image, attestation, tag, upstream, puttings, ends } = setUpWriteOnce(t)
  const children = [await image('amd64'), await attestation()]
  for (const child of children) await byDigest(child)
  const index = indexOf(...children)
  for (const manifest of [index, ...children, index]) {
    assert.deepEqual(await put(manifest), published)
    assert.equal(tag(v1), index.digest)
  }
  for (const child of children) assert.ok(upstream.manifests.has(child.digest))
  const byDigestOnly = Array(2).fill('put by digest')
  assert.deepEqual(puttings(), [...byDigestOnly, 'put v1', ...byDigestOnly])
  assert.deepEqual(ends().slice(2), ['published', 'superseded', 'superseded', 'published'])
})

test('long after, and by whomever: a child of the index that the tag names is a success that moves nothing', async (t) => {
  const { put, byDigest, image, clock, tag } = setUpWriteOnce(t)
  const [child, stranger] = [await image('amd64'), await image('arm64')]
  await byDigest(child)
  const index = indexOf(child)
  await put(index)
  clock.advance(86_400_000)
  assert.deepEqual(await put(child, { target: otherAgent }), published)
  await assert.rejects(put(stranger), refused)
  assert.equal(tag(v1), index.digest)
})

test('each child under a new tag, one after the other, then the index: the index has the tag for good', async (t) => {
  const { put, image, attestation, tag, puttings } = setUpWriteOnce(t)
  const children = [
    await attestation(),
    await image('amd64'),
    await attestation(),
    await image('arm64'),
    await image('arm', { variant: 'v6' }),
    await image('arm', { variant: 'v7' }),
  ]
  for (const child of children) {
    assert.deepEqual(await put(child), published)
    assert.equal(tag(v1), children[0]?.digest)
  }
  const index = indexOf(...children)
  await put(index)
  assert.equal(tag(v1), index.digest)
  assert.deepEqual(puttings(), ['put v1', ...Array(5).fill('put by digest'), 'put v1'])

  const another = await image('riscv64')
  await put(another, { tags: [] })
  await assert.rejects(put(indexOf(...children, another)), refused)
  await assert.rejects(put(await image('s390x')), refused)
  assert.equal(tag(v1), index.digest)
})

test('each child under a new tag, all at once, then the index', async (t) => {
  const { put, image, attestation, tag } = setUpWriteOnce(t)
  const children = [await image('amd64'), await image('arm64'), await attestation()]
  const answers = await Promise.all(children.map((child) => put(child)))
  assert.deepEqual(answers, Array(3).fill(published))
  const index = indexOf(...children)
  await put(index)
  assert.equal(tag(v1), index.digest)
})

test('the first child of an index whose answer was lost is its first child all the same', async (t) => {
  const faults = scripted({ putManifest: [loseAnswer('unavailable')] })
  const { put, image, clock, tag } = setUpWriteOnce(t, { faults })
  const children = [await image('amd64'), await image('arm64')]
  const [first, second] = children
  assert.ok(first && second)
  const answer = put(first)
  await nextTurn()
  clock.advance(settings.pauseMs)
  await answer
  await put(second)
  const index = indexOf(...children)
  await put(index)
  assert.equal(tag(v1), index.digest)
})

test('another image for the same platform is no other child', async (t) => {
  const { put, image, tag } = setUpWriteOnce(t)
  const first = await image('amd64')
  await put(first)
  await put(await image('arm64'))
  await assert.rejects(put(await image('arm64')), refused)
  await assert.rejects(put(await image('amd64')), refused)
  assert.equal(tag(v1), first.digest)
})

test('an image whose platform is not known here is no other child', async (t) => {
  const { put, store, image } = setUpWriteOnce(t)
  await put(await image('amd64'))
  await assert.rejects(put(manifestWith(await store())), refused)
})

test('beside an image whose platform is not known here no other image is a child, but an attestation is', async (t) => {
  const { put, store, image, attestation } = setUpWriteOnce(t)
  await put(manifestWith(await store()))
  await assert.rejects(put(await image('amd64')), refused)
  assert.deepEqual(await put(await attestation()), published)
})

test('under the name of one agent there may be several: an index around the image of another is refused', async (t) => {
  const { put, image, tag } = setUpWriteOnce(t)
  const first = await image('amd64')
  await put(first, { target: { ...careful, owner: 'one run' } })
  const another = { target: { ...careful, owner: 'another run' } }
  await assert.rejects(put(indexOf(first), another), refused)
  assert.equal(tag(v1), first.digest)
})

test('an index around the image that the tag names is refused to another agent', async (t) => {
  const { put, image, tag } = setUpWriteOnce(t)
  const first = await image('amd64')
  await put(first)
  await assert.rejects(put(indexOf(first), { target: otherAgent }), refused)
  await assert.rejects(put(await image('arm64'), { target: otherAgent }), refused)
  assert.equal(tag(v1), first.digest)
})

test('an index that comes more than two minutes after the last child is refused', async (t) => {
  const { put, image, clock, tag } = setUpWriteOnce(t)
  const [first, second] = [await image('amd64'), await image('arm64')]
  await put(first)
  clock.advance(120_000)
  await put(second)
  clock.advance(120_001)
  await assert.rejects(put(indexOf(first, second)), refused)
  assert.equal(tag(v1), first.digest)
})

test('an index that comes two minutes after the last child has the tag', async (t) => {
  const { put, image, clock, tag } = setUpWriteOnce(t)
  const [first, second] = [await image('amd64'), await image('arm64')]
  await put(first)
  clock.advance(120_000)
  await put(second)
  clock.advance(120_000)
  const index = indexOf(first, second)
  await put(index)
  assert.equal(tag(v1), index.digest)
})

test('an index that does not name all that was put under the tag is refused', async (t) => {
  const { put, image, tag } = setUpWriteOnce(t)
  const [first, second] = [await image('amd64'), await image('arm64')]
  await put(first)
  await put(second)
  await assert.rejects(put(indexOf(first)), refused)
  assert.equal(tag(v1), first.digest)
})

test('an index around the image that another process, or the time before a restart, gave the tag to is refused', async (t) => {
  const { put, byDigest, image, upstream } = setUpWriteOnce(t)
  const first = await image('amd64')
  await byDigest(first)
  upstream.tags.set(v1, first.digest)
  await put(first)
  await assert.rejects(put(indexOf(first)), refused)
})

test('what was put under another tag says nothing of this one', async (t) => {
  const { put, image, upstream, tag } = setUpWriteOnce(t)
  const first = await image('amd64')
  await put(first, { tags: [v2] })
  upstream.tags.set(v1, first.digest)
  await assert.rejects(put(indexOf(first)), refused)
  assert.equal(tag(v1), first.digest)
})

test('without tags that are written once nothing is read but what is in doubt', async (t) => {
  const read: string[] = []
  const { put, image } = setUpWriteOnce(t, {
    async readTag(name) {
      read.push(name)
      return undefined
    },
  })
  await put(await image('amd64'), { tags: [latest] })
  assert.deepEqual(read, [])
  await put(await image('amd64'), { target: careful })
  assert.deepEqual(read, ['v1'])
})

test('an index around an image that has lost the tag to another writer meanwhile is refused', async (t) => {
  const { put, byDigest, image, upstream, tag } = setUpWriteOnce(t)
  const [first, theirs] = [await image('amd64'), await image('amd64')]
  await byDigest(theirs)
  await put(first)
  upstream.tags.set(v1, theirs.digest)
  await assert.rejects(put(indexOf(first)), refused)
  assert.equal(tag(v1), theirs.digest)
})

test('an index around the index that has the tag is refused, however young that is', async (t) => {
  const { put, image, tag } = setUpWriteOnce(t)
  const first = await image('amd64')
  await put(first)
  const index = indexOf(first)
  await put(index)
  await assert.rejects(put(indexOf(index)), refused)
  assert.equal(tag(v1), index.digest)
})

test('the two minutes begin when a child was put, however long that took', async (t) => {
  const slow = gated()
  const faults = scripted({ putManifest: [undefined, slow] })
  const { put, image, clock, tag } = setUpWriteOnce(t, { faults })
  const [first, second] = [await image('amd64'), await image('arm64')]
  await put(first)
  const answer = put(second, { waitMs: 10 ** 9 })
  await nextTurn()
  clock.advance(100_000)
  slow.release()
  await answer
  clock.advance(100_000)
  const index = indexOf(first, second)
  await put(index)
  assert.equal(tag(v1), index.digest)
})
