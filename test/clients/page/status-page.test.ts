import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { policyOf } from '../../support/policy-of.ts'
import { type RunningService, startService } from '../../support/service.ts'
import { observerName } from '../../support/two-agents.ts'
import { chromium, openPage } from './support/browser.ts'
import { contrastOf, coloursOf, luminance } from './support/contrast.ts'
import { slowPush } from './support/slow-push.ts'

const { skip } = chromium
const layer = layerBytes(4 * 1024 * 1024)
const digest = digestOf(layer)
const half = layer.length / 2
const refreshMs = 5_000

function pushUrl({ url }: RunningService, of = digest): string {
  return `${url}/v1/layers?repository=team/app&digest=${of}`
}

async function push(service: RunningService, body: Uint8Array, of = digest): Promise<number> {
  return (await fetch(pushUrl(service, of), { method: 'POST', body })).status
}

/** The words of one part of the page, as they are seen; waits until the page, which reads itself again, shows them. */
async function shows(page: Page, heading: string, ...words: readonly RegExp[]): Promise<void> {
  const part = page.getByRole('region', { name: heading, exact: true })
  const shown = words.reduce((rows, word) => rows.filter({ hasText: word }), part)
  await shown.waitFor({ timeout: 6 * refreshMs })
}

/** Something of everything that the page can show. */
async function startBusy(t: TestContext): Promise<RunningService> {
  const service = await startService(t)
  const { sandbox } = service
  const parked = layerBytes(20_000, 2)
  const name = 'AccessDeniedException'
  const fault = { kind: 'exception', name } as const
  sandbox.addFault({ operation: 'InitiateLayerUpload', call: 1, fault })
  assert.equal(await push(service, parked, digestOf(parked)), 502)
  assert.equal(await push(service, layer), 201)
  assert.equal(await push(service, layerBytes(10), digestOf(layerBytes(10, 9))), 400)
  await slowPush(pushUrl(service, digestOf(layerBytes(1, 3))), layer.length).send(
    layer.subarray(half),
  )
  return service
}

test('a layer is seen while it comes in, and after it as forwarded, on a page that reads itself again', {
  skip,
}, async (t) => {
  const service = await startService(t)
  const { page, requests, complaints } = await openPage(t, service.url)
  await shows(page, 'Receiving', /Nothing is being received\./)
  await shows(page, 'Forwarding', /Nothing is on its way to ECR Public\./)

  const slow = slowPush(pushUrl(service), layer.length)
  await slow.send(layer.subarray(0, half))
  await shows(page, 'Receiving', /team\/app/, new RegExp(digest), /2\.0 MiB of 4\.0 MiB/)
  const bar = page.getByRole('progressbar', { name: 'Received' })
  assert.equal(await bar.getAttribute('value'), '50')

  await slow.send(layer.subarray(half))
  assert.equal(await slow.end(), 201)
  await shows(page, 'Forwarding', /team\/app/, new RegExp(digest), /Forwarded in/)
  await shows(page, 'Receiving', /Nothing is being received\./)

  assert.ok(requests.length >= 3)
  assert.deepEqual(new Set(requests), new Set([`${service.url}/`]))
  assert.deepEqual(complaints, [])
})

test('a refused layer is seen with its cause and what there is to do', { skip }, async (t) => {
  const service = await startService(t)
  assert.equal(await push(service, layer), 201)
  assert.equal(await push(service, layer.subarray(0, half)), 400)
  const { page } = await openPage(t, service.url)
  await shows(page, 'Refused', /team\/app truncated/, /Send the whole file/, /2,097,152/)
  await shows(page, 'Refused', new RegExp(digest), new RegExp(digestOf(layer.subarray(0, half))))
})

test('a debt that is parked is seen with its error, and in the headline', { skip }, async (t) => {
  const { url } = await startBusy(t)
  const { page } = await openPage(t, url)
  await shows(page, 'Owed', /Parked/, /upstream_credentials/, /AccessDeniedException/)
  await shows(page, '1 thing to look at', /forwards_parked/)
  assert.match(await page.title(), /^1 thing to look at/)
})

test('a page that is paused stands still until it is told to go on', { skip }, async (t) => {
  const { url } = await startService(t)
  const { page } = await openPage(t, url)
  await page.getByRole('link', { name: 'Pause' }).click()
  assert.equal(await page.locator('meta[http-equiv]').count(), 0)
  await page.getByRole('link', { name: 'Go on' }).click()
  assert.equal(await page.locator('meta[http-equiv]').count(), 1)
})

test('with a policy a browser asks for a token, and shows the page for one of an observer', {
  skip,
}, async (t) => {
  const { env } = await policyOf(t, { builder: { push: ['team/app'] } })
  const { url } = await startService(t, { env })
  const httpCredentials = { username: 'any', password: observerName }
  const { page } = await openPage(t, url, { httpCredentials })
  await shows(page, 'All is well', /Pushes are taken/)
  assert.match(await page.getByRole('contentinfo').innerText(), /you are observer/)
})

test('the page has landmarks, one main heading, and tables with a name and heads', {
  skip,
}, async (t) => {
  const { url } = await startBusy(t)
  const { page } = await openPage(t, `${url}/?refresh=off`)
  for (const landmark of ['banner', 'main', 'contentinfo'] as const) {
    assert.equal(await page.getByRole(landmark).count(), 1, landmark)
  }
  assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1)
  const tables = page.getByRole('table')
  assert.ok((await tables.count()) >= 4)
  for (const table of await tables.all()) {
    assert.notEqual(await table.locator('caption').innerText(), '')
    assert.ok((await table.getByRole('columnheader').count()) >= 2)
    assert.ok((await table.getByRole('rowheader').count()) >= 1)
  }
})

for (const width of [320, 360, 768, 1280]) {
  test(`at ${width} pixels nothing scrolls sideways`, { skip }, async (t) => {
    const { url } = await startBusy(t)
    const viewport = { width, height: 700 }
    const { page } = await openPage(t, `${url}/?refresh=off`, { viewport })
    await shows(page, 'Owed', /Parked/)
    const root = 'document.scrollingElement'
    const scrollWidth = await page.evaluate<number>(`${root}.scrollWidth`)
    const clientWidth = await page.evaluate<number>(`${root}.clientWidth`)
    assert.ok(clientWidth > 0)
    assert.ok(scrollWidth <= clientWidth, `${scrollWidth} > ${clientWidth}`)
  })
}

for (const [colorScheme, isItsOwn] of [
  ['light', (background: number) => background > 0.8],
  ['dark', (background: number) => background < 0.05],
] as const) {
  test(`in the ${colorScheme} scheme all text can be told from its background`, {
    skip,
  }, async (t) => {
    const { url } = await startBusy(t)
    const { page } = await openPage(t, `${url}/?refresh=off`, { colorScheme })
    const colours = await coloursOf(page)
    assert.ok(colours.length > 50)
    for (const one of colours) {
      assert.ok(contrastOf(one) >= 4.5, `${JSON.stringify(one)}: ${contrastOf(one)}`)
      assert.ok(isItsOwn(luminance(one.background)), JSON.stringify(one))
    }
  })
}

test('the end of a digest is not seen, and all of it is selected', { skip }, async (t) => {
  const { url } = await startBusy(t)
  const { page } = await openPage(t, `${url}/?refresh=off`)
  const code = page.locator('code.digest').first()
  assert.equal(await code.getAttribute('title'), await code.textContent())
  await code.click()
  const selected = await page.evaluate<string>('getSelection().toString()')
  assert.match(selected, /^sha256:[0-9a-f]{64}$/)
})
