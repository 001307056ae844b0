import assert from 'node:assert/strict'
import { test } from 'node:test'
import { busyStatus } from '../../../scripts/page-picture/busy-status.ts'
import { renderPage } from '../../../src/http/page/page.ts'
import type { Status, Viewer } from '../../../src/http/page/status.ts'
import { diagnosis } from '../../../src/registry/diagnosis.ts'
import type { UploadStarted } from '../../../src/registry/events.ts'
import { degradedReasons } from '../../../src/telemetry/levels.ts'

const everybody: Viewer = { canPull: () => true }
const hostile = `</code><script>alert("1")</script>' onload='x\u202E`

const nothing: Status = {
  ...busyStatus,
  degraded: [],
  uploads: [],
  inFlight: [],
  forwarded: [],
  debts: [],
  refusals: [],
  totals: {
    ...busyStatus.totals,
    forwardsWaiting: 0,
    forwardsParked: 0,
    forwardsHeld: 0,
    forwardBacklogBytes: 0,
    forwardOldestSeconds: 0,
  },
}

function render(changes: Partial<Status>, viewer = everybody, refreshes = true): string {
  return renderPage({ ...busyStatus, ...changes }, viewer, refreshes)
}

/** The part of the page under one heading. */
function partOf(page: string, name: string): string {
  return new RegExp(`<section id="${name}".*?</section>`, 's').exec(page)?.[0] ?? ''
}

/** As it is read, without the markup. */
function textOf(markup: string): string {
  return markup.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')
}

function first<T>(all: readonly T[]): T {
  const [one] = all
  assert(one !== undefined)
  return one
}

const [upload, debt, refusal] = [
  first(busyStatus.uploads),
  first(busyStatus.debts),
  first(busyStatus.refusals),
]
const account = first(busyStatus.accounts)

const hostileStatuses: Readonly<Record<string, Partial<Status>>> = {
  'a repository': { uploads: [{ ...upload, upload: { ...upload.upload, repository: hostile } }] },
  'an agent': { uploads: [{ ...upload, upload: { ...upload.upload, agent: hostile } }] },
  'the digest of an upload': {
    uploads: [
      {
        ...upload,
        upload: {
          ...upload.upload,
          progress: () => ({ receivedBytes: 1, expected: hostile, phase: 'receiving' }),
        },
      },
    ],
  },
  "AWS's words": { debts: [{ ...debt, error: { code: 'upstream_rejected', detail: hostile } }] },
  'the name of an evidence': {
    refusals: [{ ...refusal, diagnosis: diagnosis('unknown', { [hostile]: 1 }) }],
  },
  'an evidence': {
    refusals: [{ ...refusal, diagnosis: diagnosis('unknown', { reason: hostile }) }],
  },
  'an evidence that looks like a digest': {
    refusals: [{ ...refusal, diagnosis: diagnosis('unknown', { found: `sha256:${hostile}` }) }],
  },
  'a request id': { refusals: [{ ...refusal, requestId: hostile }] },
  'a destination': { accounts: [account, { ...account, destinations: [hostile] }] },
  'a version': { version: hostile },
  'a reason': { degraded: [hostile] },
}

const tagsOf = (page: string) => page.match(/<\/?[a-z][a-z0-9]*/g)?.filter((tag) => tag !== '')

for (const [what, status] of Object.entries(hostileStatuses)) {
  test(`${what} that looks like markup is text`, () => {
    const page = render(status)
    assert.match(page, /&lt;script&gt;alert\(&quot;1&quot;\)/)
    assert.ok(!page.includes('\u202E'))
    assert.deepEqual(
      tagsOf(page)?.filter((tag) => tag.includes('script')),
      [],
    )
    assert.doesNotMatch(page, /<[^>]*' onload/)
  })
}

test('the viewer who asked is named, and the name is text', () => {
  const page = render({}, { agent: hostile, canPull: () => true })
  assert.match(page, /you are <bdi>&lt;\/code&gt;&lt;script&gt;/)
})

test('where nothing is going on, that is said', () => {
  const page = renderPage(nothing, everybody, true)
  assert.match(textOf(page), /All is well Pushes are taken\./)
  for (const [name, sentence] of [
    ['receiving', 'Nothing is being received.'],
    ['forwarding', 'Nothing is on its way to ECR Public.'],
    ['owed', 'Nothing is owed.'],
    ['refusals', 'No layer was refused in the last 30 days.'],
  ] as const) {
    assert.ok(textOf(partOf(page, name)).includes(sentence), sentence)
    assert.doesNotMatch(partOf(page, name), /<table|<li|more/)
  }
})

test('a layer that comes in is told with how much of it is here', () => {
  const text = textOf(partOf(render({}), 'receiving'))
  assert.match(text, /payments\/api sha256:\S+ github-main · oci · began 38 s ago Receiving/)
  assert.match(text, /Receiving 412\.0 MiB of 640\.0 MiB 64 %/)
  assert.match(text, /Receiving 96\.4 MiB/)
  assert.match(text, /Checking 58\.0 MiB of 58\.0 MiB/)
})

test('an upload of which no byte came is waiting', () => {
  const waiting: UploadStarted = {
    ...upload.upload,
    progress: () => ({ receivedBytes: 0, phase: 'receiving' }),
  }
  const uploads = [{ ...upload, upload: waiting }]
  assert.match(textOf(partOf(render({ uploads }), 'receiving')), / Waiting /)
})

test('a refusal is told with its cause, what there is to do, and what proves it', () => {
  const text = textOf(partOf(render({}), 'refusals'))
  assert.match(text, /payments\/api truncated Send the whole file: /)
  assert.match(text, /expected sha256:\S{64} came sha256:\S{64} received bytes 48,234,496/)
  assert.match(text, /missing bytes 2,097,152 2 min ago · github-main · oci · request build-130/)
})

test('what needs a person comes first of what is owed, with its error', () => {
  const debts = busyStatus.debts.toReversed()
  const text = textOf(partOf(render({ debts }), 'owed'))
  assert.match(text, /Parked next try in 4 min repository_unknown InitiateLayerUpload answered /)
  assert.match(text, /Parked.*Held.*Waiting/)
})

test('what is in flight is told among the forwards, and not once more as owed', () => {
  const [flying] = busyStatus.inFlight
  assert(flying)
  const page = render({ debts: [flying] })
  assert.ok(partOf(page, 'forwarding').includes(flying.key.digest))
  assert.ok(!partOf(page, 'owed').includes(flying.key.digest))
})

test('of a long list the first are shown, and the others counted', () => {
  const uploads = Array.from({ length: 25 }, () => upload)
  const part = partOf(render({ uploads }), 'receiving')
  assert.equal(part.match(/<th scope="row"/g)?.length, 20)
  assert.match(textOf(part), /And 5 more\./)
  assert.doesNotMatch(part, /may not pull/)
})

test('what is owed is counted, though not all of it was read', () => {
  const totals = { ...busyStatus.totals, forwardsWaiting: 9_998 }
  const text = textOf(partOf(render({ totals }), 'owed'))
  assert.match(text, /And 9,997 more\. The command layergate forwards list shows all of them\./)
})

test('of repositories that the viewer may not pull, nothing but numbers is told', () => {
  const alice: Viewer = { agent: 'alice', canPull: (name) => name === 'payments/api' }
  const page = render({}, alice)
  assert.match(textOf(partOf(page, 'receiving')), /payments\/api/)
  for (const other of [
    'search/indexer',
    'base/node',
    'web/frontend',
    'tools/legacy',
    'ml/models',
  ]) {
    assert.ok(!page.includes(other), other)
  }
  const hidden = [...busyStatus.debts, ...busyStatus.inFlight, ...busyStatus.forwarded]
  const foreign = hidden.filter((one) => 'key' in one && one.key.repository !== 'payments/api')
  for (const one of foreign) assert.ok('key' in one && !page.includes(one.key.digest))
  assert.match(
    textOf(partOf(page, 'receiving')),
    /And 2 more, some of them in repositories that you may not pull\./,
  )
  assert.match(textOf(partOf(page, 'owed')), /3 not shown, in repositories that you may not pull\./)
  assert.doesNotMatch(partOf(page, 'owed'), /Nothing is owed/)
})

for (const reason of degradedReasons) {
  test(`${reason} is told in words, and by its name`, () => {
    const page = render({ degraded: [reason] })
    assert.match(page, new RegExp(`<li>[A-Z][^<]+\\. <code>${reason}</code></li>`))
    assert.match(textOf(page), /1 thing to look at Pushes are taken\./)
  })
}

for (const [notReady, sentence] of [
  ['journal_failed', 'The journal has failed'],
  ['shutting_down', 'Shutting down'],
] as const) {
  test(`a service that is not ready says why: ${notReady}`, () => {
    const page = render({ notReady })
    assert.match(page, new RegExp(`<title>${sentence} · Layergate</title>`))
    assert.match(textOf(page), new RegExp(`${sentence} New pushes are refused\\.`))
  })
}

test('that nobody is asked who they are is said', () => {
  assert.match(render({ isAuthDisabled: true }), /Authentication is off: anybody may push/)
  assert.match(render({}), /Authentication is on/)
})

test('a lane is told with its use, its quota, and who waits', () => {
  const text = textOf(partOf(render({}), 'calls'))
  assert.match(text, /Complete Layer Upload Slowed 1\.9 of 7\.4 1\.9 of 7\.4 2/)
  assert.match(text, /Put Image 0\.4 of 10 0\.4 of 10 0/)
})

test('an account that does not answer is told as paused; of several each has its destinations', () => {
  const paused = { ...account, destinations: ['acme', 'other'], isPaused: true }
  const text = textOf(partOf(render({ accounts: [account, paused] }), 'calls'))
  assert.match(text, / default .*acme, other Paused AWS does not answer/)
})

test('the page reads itself again, and stands still where that is wanted', () => {
  const [moving, still] = [render({}, everybody, true), render({}, everybody, false)]
  assert.match(moving, /<meta http-equiv="refresh" content="5">/)
  assert.match(moving, /<a href="\?refresh=off">Pause<\/a>/)
  assert.doesNotMatch(still, /http-equiv/)
  assert.match(still, /<a href="\?refresh=on">Go on<\/a>/)
})
