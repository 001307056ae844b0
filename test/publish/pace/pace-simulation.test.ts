import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createPace } from '../../../src/publish/pace/pace.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { type Agent, type Push, simulate } from './pace-model.ts'
import { mebibyte, sendLayer } from './setup-pace.ts'

const limits = { bytesPerSecond: 10 * mebibyte, layersPerSecond: 10 }
const aheadSeconds = 20
const noPace = { admit: () => Promise.resolve(), observe() {} }

/** An upstream that has taken layers before, so that its rate is known. */
async function simulatePushes(t: TestContext, agents: readonly Agent[], isPaced = true) {
  const clock = manualClock(t)
  const pace = createPace(
    {
      now: () => clock.now().getTime(),
      owed: () => Promise.reject(new Error('Events tell it all.')),
      layersPerSecond: () => limits.layersPerSecond,
      onJournalError() {},
    },
    { aheadMs: aheadSeconds * 1000 },
  )
  sendLayer(pace, clock, 30, 1)
  const pushes = await simulate(clock, isPaced ? pace : noPace, limits, agents)
  assert.equal(clock.pendingTimers, 0)
  return pushes
}

function pushOf(pushes: ReadonlyMap<string, Push>, name: string): Push {
  const push = pushes.get(name)
  assert.ok(push)
  return push
}

function twentyLayers(parallel: number): Agent {
  return {
    name: 'builder',
    layerBytes: Array.from({ length: 20 }, () => 100 * mebibyte),
    parallel,
    bytesPerSecond: 1000 * mebibyte,
  }
}

/** At 10 MiB in a second. */
const layerSeconds = 10
const allSeconds = 20 * layerSeconds

for (const parallel of [1, 3, 5]) {
  test(`20 layers of 100 MiB, ${parallel} at once, end with AHEAD and a layer before the upstream`, async (t) => {
    const push = pushOf(await simulatePushes(t, [twentyLayers(parallel)]), 'builder')
    assert.ok(push.backlogSeconds <= aheadSeconds + 1.5 * layerSeconds, `${push.backlogSeconds} s`)
    assert.ok(push.endsAtSeconds <= allSeconds * 1.02, `${push.endsAtSeconds} s`)
  })
}

test('20 layers that all come at once do not make the upstream stand idle', async (t) => {
  const push = pushOf(await simulatePushes(t, [twentyLayers(20)]), 'builder')
  assert.ok(push.backlogSeconds <= 3 * aheadSeconds, `${push.backlogSeconds} s`)
  assert.ok(push.endsAtSeconds <= allSeconds * 1.02, `${push.endsAtSeconds} s`)
})

test('without a pace they leave the upstream minutes behind', async (t) => {
  const push = pushOf(await simulatePushes(t, [twentyLayers(5)], false), 'builder')
  assert.ok(push.backlogSeconds > 180, `${push.backlogSeconds} s`)
})

test('a small layer does not wait for a huge one that is on its way upstream', async (t) => {
  const huge = { name: 'huge', layerBytes: [2000 * mebibyte], parallel: 1, bytesPerSecond: 1e9 }
  const small = { name: 'small', layerBytes: [20 * mebibyte], parallel: 1, bytesPerSecond: 1e8 }
  const pushes = await simulatePushes(t, [huge, { ...small, startsAtSeconds: 10 }])
  assert.ok(pushOf(pushes, 'huge').bodiesEndAtSeconds < 5)
  assert.ok(pushOf(pushes, 'small').endsAtSeconds < 25)
})

test('a slow client with a huge layer does not keep others from the upstream', async (t) => {
  const slow = { name: 'slow', layerBytes: [1000 * mebibyte], parallel: 1, bytesPerSecond: 4e6 }
  const pushes = await simulatePushes(t, [slow, { ...twentyLayers(3), startsAtSeconds: 100 }])
  const { endsAtSeconds } = pushOf(pushes, 'builder')
  assert.ok(endsAtSeconds <= 100 + allSeconds * 1.05, `${endsAtSeconds} s`)
})

/** Of 40 agents: 400 layers in all, which the limiter lets through in 40 s. */
function smallImage(index: number, parallel: number, layerKibibytes: number): Agent {
  return {
    name: `agent ${index}`,
    layerBytes: Array.from({ length: 10 }, () => layerKibibytes * 1024),
    parallel,
    bytesPerSecond: 100 * mebibyte,
  }
}

async function simulateSmallImages(
  t: TestContext,
  parallel: number,
  layerKibibytes: number,
  isPaced = true,
) {
  const agents = Array.from({ length: 40 }, (_, index) =>
    smallImage(index, parallel, layerKibibytes),
  )
  const pushes = [...(await simulatePushes(t, agents, isPaced)).values()]
  const waits = pushes.map((push) => push.endsAtSeconds - push.bodiesEndAtSeconds)
  return {
    longestWaitSeconds: Math.max(...waits),
    endsAtSeconds: Math.max(...pushes.map((push) => push.endsAtSeconds)),
  }
}

const limiterSeconds = 40
/** What the last layer takes from its turn in the limiter to its end. */
const lastLayerSeconds = 1
/** A body waits for so long at most before it begins, whatever lies here. */
const trickleSeconds = 10

for (const layerKibibytes of [10, 1000]) {
  for (const parallel of [1, 3]) {
    test(`the manifests of 40 small images, layers of ${layerKibibytes} KiB, ${parallel} at once, wait for about AHEAD`, async (t) => {
      const paced = await simulateSmallImages(t, parallel, layerKibibytes)
      assert.ok(paced.longestWaitSeconds <= aheadSeconds + 4, `${paced.longestWaitSeconds} s`)
      assert.ok(paced.endsAtSeconds <= limiterSeconds + lastLayerSeconds)
    })
  }

  test(`so many that they begin by time alone, layers of ${layerKibibytes} KiB, wait for that time longer`, async (t) => {
    const paced = await simulateSmallImages(t, 10, layerKibibytes)
    const mostSeconds = aheadSeconds + trickleSeconds + lastLayerSeconds
    assert.ok(paced.longestWaitSeconds <= mostSeconds, `${paced.longestWaitSeconds} s`)
    assert.ok(paced.endsAtSeconds <= limiterSeconds + lastLayerSeconds)
  })
}

test('without a pace the manifests of 40 small images wait for all layers', async (t) => {
  const free = await simulateSmallImages(t, 3, 10, false)
  assert.ok(free.longestWaitSeconds > 0.95 * limiterSeconds, `${free.longestWaitSeconds} s`)
  assert.ok(free.endsAtSeconds > 0.95 * limiterSeconds, `${free.endsAtSeconds} s`)
})

test('large layers among many small ones make nobody wait for much more than AHEAD', async (t) => {
  const small = Array.from({ length: 40 }, (_, index) => smallImage(index, 3, 500))
  const pushes = await simulatePushes(t, [...small, { ...twentyLayers(3), startsAtSeconds: 30 }])
  const { backlogSeconds, endsAtSeconds } = pushOf(pushes, 'builder')
  const smallSeconds = (400 * 500 * 1024) / limits.bytesPerSecond
  const mostSeconds = 30 + allSeconds + smallSeconds
  assert.ok(backlogSeconds <= aheadSeconds + 1.5 * layerSeconds, `${backlogSeconds} s`)
  assert.ok(endsAtSeconds <= mostSeconds, `${endsAtSeconds} s`)
})
