import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { test, type TestContext } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { policyOf } from '../../support/policy-of.ts'
import { startService } from '../../support/service.ts'
import { asAgent, observerName } from '../../support/two-agents.ts'

const slots = 200
const digest = digestOf(layerBytes(64))

async function setup(t: TestContext) {
  const { env } = await policyOf(t, { builder: { push: ['team/**'] } })
  const service = await startService(t, { env, sandbox: { repositories: ['team/app'] } })
  const connections = new Agent({ keepAlive: true, maxSockets: 32 })
  t.after(() => connections.destroy())

  /** Sent as it is, however odd. Resolves with the status. */
  function send(path: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
    const { port } = service
    return new Promise((resolve, reject) => {
      request({ port, host: '127.0.0.1', path, headers, method, agent: connections })
        .on('error', reject)
        .on('response', (answer) => {
          answer.resume().once('end', () => resolve(answer.statusCode ?? 0))
        })
        .end()
    })
  }

  async function series(): Promise<readonly string[]> {
    const answer = await fetch(`${service.url}/metrics`, { headers: asAgent(observerName) })
    const lines = (await answer.text()).split('\n').filter((line) => /^[a-z]/.test(line))
    return lines.map((line) => line.slice(0, line.lastIndexOf(' ')))
  }

  /** Pushes nothing to each of so many repositories. Resolves with all answers' statuses. */
  async function pushTo(count: number, nameOf: (index: number) => string): Promise<Set<number>> {
    const headers = { ...asAgent('builder'), 'content-length': '0' }
    const names = Array.from({ length: count }, (_, index) => nameOf(index))
    const answers = names.map((name) =>
      send(`/v1/layers?repository=${name}&digest=${digest}`, headers, 'POST'),
    )
    return new Set(await Promise.all(answers))
  }

  return { send, series, pushTo }
}

function repositoriesOf(series: readonly string[]): ReadonlySet<string> {
  const found = series.flatMap((name) => /repository="([^"]*)"/.exec(name)?.[1] ?? [])
  return new Set(found)
}

test('10,000 repositories take 200 slots, and no series is added after them', async (t) => {
  const { series, pushTo } = await setup(t)
  assert.deepEqual(await pushTo(slots, (index) => `team/first-${index}`), new Set([400]))
  await pushTo(1, () => 'team/later')
  // The first scrape is counted too, from the second on.
  const full = new Set(await series())
  assert.deepEqual(await pushTo(9_800, (index) => `team/later-${index}`), new Set([400]))
  const after = await series()
  const added = after.filter((name) => !full.has(name) && !name.includes('"getMetrics"'))
  assert.deepEqual(added, [])
  const repositories = repositoriesOf(after)
  assert.equal(repositories.size, slots + 1)
  assert.ok(![...repositories].some((name) => name.startsWith('team/later')))
})

test('a repository that nobody may push to takes no slot', async (t) => {
  const { pushTo, series } = await setup(t)
  assert.deepEqual(await pushTo(1_000, (index) => `foreign/app-${index}`), new Set([403]))
  assert.deepEqual(repositoriesOf(await series()), new Set(['other']))
})

test('hostile names become no label, wherever they are written', async (t) => {
  const { send, series } = await setup(t)
  const hostile = ['"} 1\n#', '\u202eteam/app', 'Team/App', '../..', 'a'.repeat(5_000), '%00', '"']
  const before = new Set(await series())
  for (const name of hostile) {
    const written = encodeURIComponent(name)
    const basic = Buffer.from(`${name}:builder`).toString('base64')
    for (const headers of [
      asAgent('builder'),
      asAgent(written),
      { authorization: `Basic ${basic}` },
      { ...asAgent('builder'), 'x-request-id': written, 'user-agent': written },
    ]) {
      await send(`/v2/${written}/blobs/uploads/none`, headers)
      await send(`/v1/layers?repository=${written}&digest=${written}`, headers, 'POST')
      await send(`/${written}?${written}`, headers)
      await send(`/v2/team/app/manifests/${written}`, headers, 'DELETE')
    }
  }
  const added = (await series()).filter((name) => !before.has(name))
  const values = added.flatMap((name) =>
    [...name.matchAll(/="([^"]*)"/g)].map(([, value]) => value),
  )
  const known = /^(\d{3}|[\d.]+|\+Inf|[a-zA-Z]+|refused|raw|builder|other)$/
  assert.deepEqual(
    values.filter((value = '') => !known.test(value)),
    [],
  )
  assert.deepEqual(repositoriesOf(added), new Set())
})
