import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { readDashboard } from '../../dashboards/dashboard.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'
import { prometheus, startPrometheus } from './support/prometheus.ts'
import { pushThatIsNeverTaken, pushUnderFaults } from './support/pushes.ts'
import { openDashboard, type Shown, type Viewer } from './support/viewer.ts'

const dashboard = await readDashboard()
/** Until every panel has data; a rate needs two scrapes, and what a fault brings about needs its rounds. */
const deadlineMs = 60_000

/** Panel and series, of what the faults of `pushes.ts` bring about. */
const troubles = [
  ['Invalid at AWS', 'layers'],
  ['Refused uploads', 'refused'],
  ['Answers that were our fault', '5xx'],
  ['Parked layers', 'layers'],
  ['Degraded', 'forwards_parked'],
  ['Invalid layers by stage', 'refused'],
  ['Invalid layers by stage', 'upstream'],
  ['Invalid layers by cause', 'truncated'],
  ['Invalid layers by cause', 'in_transit'],
  ['Invalid layers by repository', 'team/app'],
  ['Invalid layers, whose and why', 'team/app: truncated (refused)'],
  ['Invalid layers, whose and why', 'team/app: unresolved (upstream)'],
  ['Refused share by repository', 'team/app'],
  ['InvalidLayerException', 'default'],
  ['Held blobs', 'held'],
  ['Uploads by outcome', 'verified'],
  ['Uploads by outcome', 'refused'],
  ['Uploads that did not succeed by agent', 'anonymous refused'],
  ['Manifests by outcome', 'published'],
  ['Layer bytes', 'received, raw'],
  ['Layer bytes', 'received, oci'],
  ['Layer bytes', 'forwarded'],
  ['HTTP requests by status', '502'],
  ['Exceptions', 'InvalidLayerException to CompleteLayerUpload'],
  ['Exceptions', 'ThrottlingException to InitiateLayerUpload'],
  ['Retries by reason', 'InitiateLayerUpload throttled'],
  ['Use of the quota', 'default InitiateLayerUpload'],
  ['Forwards by outcome', 'forwarded'],
  ['Forwards by outcome', 'parked'],
  ['Forwards at once', 'parked'],
] as const

/** What is not of the service, and has series of the same names. */
async function startOther(t: TestContext): Promise<string> {
  const server = createServer((_, answer) => {
    answer.end('process_resident_memory_bytes 1e12\nprocess_start_time_seconds 1\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return `127.0.0.1:${address.port}`
}

async function lacking(viewer: Viewer): Promise<readonly string[]> {
  const panels = await viewer.panels()
  const without = [...panels]
    .filter(([, queries]) => !queries.every(hasNumbers))
    .map(([title]) => title)
  const unseen = troubles
    .filter(([title, name]) => !(panels.get(title) ?? []).some((shown) => isAbove(shown, name)))
    .map(([title, name]) => `${title}: ${name}`)
  return [...without, ...unseen]
}

function hasNumbers(shown: Shown): boolean {
  return [...shown.values()].some((numbers) => numbers.length > 0)
}

function isAbove(shown: Shown, name: string): boolean {
  return (shown.get(name) ?? []).some((number) => number > 0)
}

/** How many of them `Invalid layers, whose and why` shows. */
async function counted(viewer: Viewer, name: string): Promise<number | undefined> {
  return (await viewer.panels()).get('Invalid layers, whose and why')?.[0]?.get(name)?.[0]
}

test('every panel shows data of a service under pushes and faults, and each fault where it is looked for', {
  skip: prometheus.skip,
}, async (t) => {
  const service = await startService(t, { withProcessMetrics: true })
  const instance = `127.0.0.1:${service.port}`
  const scraping = await startPrometheus(t, {
    layergate: instance,
    other: await startOther(t),
  })
  await pushThatIsNeverTaken(service)

  const deadline = AbortSignal.timeout(deadlineMs)
  let viewer = await openDashboard(dashboard, scraping)
  let round = 1
  for (; !deadline.aborted && (await lacking(viewer)).length > 0; round += 1) {
    await pushUnderFaults(service, round)
    viewer = await openDashboard(dashboard, scraping)
  }
  assert.deepEqual(await lacking(viewer), [])

  await t.test('the variables offer what there is, and not what is scraped beside it', () => {
    const names = ['job', 'instance', 'repository', 'destination']
    const offered = names.map((name) => viewer.choices(name))
    assert.deepEqual(offered, [['layergate'], [instance], ['other', 'team/app'], ['default']])
  })

  await t.test('other processes that Prometheus scrapes are not shown', async () => {
    const [resident] = (await viewer.panels()).get('Memory') ?? []
    assert.deepEqual([...(resident?.keys() ?? [])], [`${instance} resident`])
  })

  await t.test(
    'what happens is counted from its first time on, and leaves a shorter time',
    async () => {
      const short = await openDashboard(dashboard, scraping, { rangeSeconds: 5 })
      const single = 'team/app: unresolved (upstream)'
      const often = 'team/app: truncated (refused)'

      await until('it is long ago', async () => (await counted(short, single)) === undefined)
      assert.equal(await counted(viewer, single), 1)
      await pushUnderFaults(service, round)
      await until('it is counted', async () => (await counted(viewer, often)) === round)
      assert.ok(await counted(short, often))
    },
  )

  await t.test('a choice of variables shows that and nothing else', async () => {
    const chosen = { job: 'layergate', instance, repository: 'other', destination: 'none' }
    const panels = await (await openDashboard(dashboard, scraping, { chosen })).panels()
    const names = (title: string) =>
      (panels.get(title) ?? []).flatMap((one) => Array.from(one.keys()))
    assert.deepEqual(names('Invalid layers by repository'), ['other'])
    assert.deepEqual(names('Calls by operation'), [])
    assert.deepEqual(names('Invalid layers, whose and why'), [])
    assert.ok(names('Memory').length > 0)
  })
})
