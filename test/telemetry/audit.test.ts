import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LayergateEvent, RequestEnded } from '../../src/registry/events.ts'
import { authorised, other, samples, setUpAudit } from './audit-samples.ts'
import { digest } from './setup.ts'

const { push_accepted: accepted, manifest_put: published } = samples
const who = { rule: authorised.rule, remoteAddress: authorised.remoteAddress }

function ended(more: Partial<RequestEnded> = {}): RequestEnded {
  const { requestId } = authorised
  return {
    type: 'request_ended',
    requestId,
    exchangeId: 'exchange-1',
    operation: 'uploadLayer',
    status: 201,
    seconds: 1,
    ...more,
  }
}

/** What the last line says of who pushed. */
function rulesIn(lines: readonly Readonly<Record<string, unknown>>[]): readonly unknown[] {
  return lines.map((line) => line['rule'])
}

test('a push that was accepted says who, what, from where and by which rule', () => {
  const { tell, written } = setUpAudit()
  tell(authorised, accepted)
  assert.deepEqual(written, [
    `${JSON.stringify({
      audit: 1,
      time: '2026-01-02T12:00:00.000Z',
      event: 'push_accepted',
      requestId: 'request-1',
      agent: 'github/main',
      subject: 'repo:acme/app:ref:refs/heads/main',
      rule: 'github/main',
      remoteAddress: '10.0.0.7',
      repository: 'team/app',
      digest,
      entry: 'oci',
      sizeBytes: 1000,
    })}\n`,
  ])
})

test('a call to AWS is that of the push that was let in under the name that agents write', () => {
  const { tell, lines } = setUpAudit()
  const agentRepository = authorised.repository
  tell(authorised, { ...samples.aws_changed, repository: 'app', agentRepository })
  tell({ ...samples.aws_changed, repository: 'app' })
  tell({ ...samples.aws_changed, agentRepository: 'team/other' })
  const [first = {}, ...others] = lines()
  assert.partialDeepStrictEqual(first, { ...who, repository: 'app' })
  assert.deepEqual(rulesIn(others), [undefined, undefined])
})

test('a layer with another digest is told with both', () => {
  const { tell, lines } = setUpAudit()
  tell(authorised, samples.push_refused)
  const [line = {}] = lines()
  const { event, rule, digest: expected, actualDigest, code, cause, place } = line
  assert.deepEqual(
    { event, rule, expected, actualDigest, code, cause, place },
    {
      event: 'push_refused',
      rule: authorised.rule,
      expected: digest,
      actualDigest: other,
      code: 'digest_mismatch',
      cause: 'truncated',
      place: 'oci',
    },
  )
})

test('a blob that no manifest named is told without a request and what comes of one', () => {
  const { tell, lines } = setUpAudit()
  const { requestId: _, expected: __, ...unclaimed } = samples.push_refused
  tell(authorised, { ...unclaimed, place: 'unclaimed' })
  const [line = {}] = lines()
  const { requestId, rule, digest: found, place } = line
  assert.deepEqual([requestId, rule, found, place], [undefined, undefined, other, 'unclaimed'])
  assert.ok(!('actualDigest' in line))
})

const silent: Readonly<Record<string, LayergateEvent>> = {
  'a request without credentials': { ...samples.denied, code: 'credentials_missing' },
  'an upload that goes on': { ...accepted, outcome: 'unsettled' },
  'an upload that was cut off': { ...accepted, outcome: 'aborted' },
  'an upload that was refused, which is told once it is known why': {
    ...accepted,
    outcome: 'refused',
  },
  'a forward that succeeded': { ...samples.forward_parked, outcome: 'forwarded' },
  'a forward that is still parked': { ...samples.forward_parked, outcome: 'still_parked' },
  'a forward that is tried again': { ...samples.forward_parked, outcome: 'postponed' },
  'a request that was let in': authorised,
  'the end of a request': ended(),
}

for (const [what, event] of Object.entries(silent)) {
  test(`nothing is written of ${what}`, () => {
    const { tell, written } = setUpAudit()
    tell(event)
    assert.deepEqual(written, [])
  })
}

test('each outcome of a manifest has its line', () => {
  const { tell, lines } = setUpAudit()
  for (const outcome of ['published', 'superseded', 'refused', 'failed', 'aborted'] as const) {
    tell({ ...published, outcome })
  }
  assert.deepEqual(
    lines().map(({ event, outcome }) => [event, outcome]),
    [
      ['manifest_put', 'published'],
      ['manifest_put', 'superseded'],
      ['manifest_refused', undefined],
      ['manifest_failed', 'failed'],
      ['manifest_failed', 'aborted'],
    ],
  )
})

test('what is told of a request after its end still says who and which rule', () => {
  const { tell, lines } = setUpAudit()
  tell(authorised, ended({ status: 400 }), samples.push_refused)
  const [{ rule, remoteAddress, subject } = {}] = lines()
  assert.deepEqual({ rule, remoteAddress, subject }, { ...who, subject: authorised.subject })
})

test('a manifest whose client was sent away is joined after any number of other requests', () => {
  for (const status of [307, 408, 499]) {
    const { tell, lines } = setUpAudit()
    tell(authorised, ended({ operation: 'putManifest', status }))
    for (let count = 0; count < 20_001; count += 1) {
      const requestId = `other-${count}`
      tell({ ...authorised, requestId }, ended({ requestId }))
    }
    tell(published)
    assert.deepEqual(rulesIn(lines()), [authorised.rule], String(status))
  }
})

test('a request that lasts is joined after any number of others, even where manifests wait', () => {
  const { tell, lines } = setUpAudit()
  tell(authorised)
  for (let count = 0; count < 20_001; count += 1) {
    const requestId = `other-${count}`
    const status = count % 2 === 0 ? 307 : 201
    tell({ ...authorised, requestId }, ended({ requestId, operation: 'putManifest', status }))
  }
  tell(accepted)
  assert.deepEqual(rulesIn(lines()), [authorised.rule])
})

test('what is over is forgotten once 10,000 others are over, and is not before', () => {
  const { tell, lines } = setUpAudit()
  tell(authorised, ended())
  for (let count = 0; count < 9_999; count += 1) {
    const requestId = `other-${count}`
    tell({ ...authorised, requestId }, ended({ requestId }))
  }
  tell(accepted)
  tell({ ...authorised, requestId: 'last' }, ended({ requestId: 'last' }), accepted)
  assert.deepEqual(rulesIn(lines()), [authorised.rule, undefined])
})

test('an id that is used again is as new as its last use', () => {
  const { tell, lines } = setUpAudit()
  tell(authorised)
  for (let count = 0; count < 9_999; count += 1) {
    tell({ ...authorised, requestId: `other-${count}` })
  }
  tell(authorised, { ...authorised, requestId: 'last' }, accepted)
  assert.deepEqual(rulesIn(lines()), [authorised.rule])
})

test('no more than 10,000 requests that last are known', () => {
  const { tell, lines } = setUpAudit()
  tell(authorised)
  for (let count = 0; count < 10_000; count += 1) {
    tell({ ...authorised, requestId: `other-${count}` })
  }
  tell(accepted, { ...accepted, requestId: 'other-0' })
  assert.deepEqual(rulesIn(lines()), [undefined, authorised.rule])
})

test("an id that another agent's request had, or one for another repository, joins nothing", () => {
  const { tell, lines } = setUpAudit()
  tell(authorised)
  tell({ ...accepted, agent: 'mallory' }, { ...accepted, repository: 'team/other' }, accepted)
  assert.deepEqual(rulesIn(lines()), [undefined, undefined, authorised.rule])
})

test('two requests with one id keep their own rules, also once one of them has ended', () => {
  const { tell, lines } = setUpAudit()
  const mallory = { agent: 'mallory', rule: 'evil' }
  tell(authorised, { ...authorised, ...mallory }, ended())
  tell(accepted, { ...accepted, agent: 'mallory' })
  tell(ended(), accepted)
  assert.deepEqual(rulesIn(lines()), [authorised.rule, 'evil', authorised.rule])
})

test('of one id the latest sixteen are known, however many repositories it is sent for', () => {
  const { tell, lines } = setUpAudit()
  const repositories = Array.from({ length: 17 }, (_, index) => `team/app-${index}`)
  for (const repository of repositories) tell({ ...authorised, repository })
  for (const repository of repositories) tell({ ...accepted, repository })
  const known = rulesIn(lines()).filter((rule) => rule === authorised.rule)
  assert.deepEqual([known.length, lines()[0]?.['rule']], [16, undefined])
})

test('a read is not taken for a push', () => {
  const { tell, lines } = setUpAudit()
  tell({ ...authorised, action: 'pull' }, accepted)
  assert.deepEqual(rulesIn(lines()), [undefined])
})

test('a token that was traded says for whom, by which ids, and for which run', () => {
  const { tell, lines } = setUpAudit()
  tell(samples.token_traded)
  const [{ audit: _, time: __, event, ...fields } = {}] = lines()
  assert.equal(event, 'token_traded')
  assert.deepEqual(fields, {
    requestId: 'request-1',
    agent: 'github/main',
    subject: 'repo:acme/app:ref:refs/heads/main',
    remoteAddress: '10.0.0.7',
    tokenId: 'jti-ours',
    tradedTokenId: 'jti-theirs',
    gave: 'refresh',
    granted: ['repository:team/app:pull,push'],
    run: { run_id: '17' },
  })
})

test('a line is never longer than 8 KiB, whatever is told', () => {
  const { tell, written, lines } = setUpAudit()
  const long = '\u0000'.repeat(3000)
  const run = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`${long}${index}`, long]),
  )
  tell({ ...samples.token_traded, subject: long, granted: Array(100).fill(long), run })
  tell({ ...samples.denied, detail: '\u{1F4A7}'.repeat(5000) })
  tell({ ...samples.policy_loaded, problems: Array(400).fill('Line 1: there is something wrong.') })
  for (const line of written) assert.ok(Buffer.byteLength(line) <= 8192)
  assert.deepEqual(
    lines().map(({ cut, event }) => [cut, event]),
    [
      [true, 'token_traded'],
      [true, 'denied'],
      [true, 'policy_loaded'],
    ],
  )
})

test('of many claims the first are told under their own names', () => {
  const { tell, lines } = setUpAudit()
  const names = Array.from({ length: 300 }, (_, index) => `claim_${index}`)
  const run = Object.fromEntries(names.map((name) => [name, 'x'.repeat(100)]))
  tell({ ...samples.token_traded, run })
  const told = Object.keys(Object(lines()[0]?.['run']))
  assert.deepEqual(told, names.slice(0, told.length))
  assert.ok(told.length >= 8)
})

test('what fits is not cut, to the byte', () => {
  const { tell, written, lines } = setUpAudit()
  tell({ ...samples.denied, detail: '' })
  const restBytes = 8192 - Buffer.byteLength(written[0] ?? '')
  tell({ ...samples.denied, detail: 'x'.repeat(restBytes) })
  tell({ ...samples.denied, detail: 'x'.repeat(restBytes + 1) })
  assert.equal(written[1]?.length, 8192)
  assert.deepEqual(
    lines().map(({ cut }) => cut),
    [undefined, undefined, true],
  )
})

test('whatever a text holds, it is one line without control characters', () => {
  const { tell, written, lines } = setUpAudit()
  const detail = 'a\r\nb\u001b[2J\u009b2J\u0085\u2028\u007f'
  tell({ ...samples.denied, detail })
  const [line = ''] = written
  assert.match(line, /^[^\p{Cc}\u2028\u2029]+\n$/u)
  assert.equal(lines()[0]?.['detail'], detail)
})

test('credentials do not get into it, whoever put them into a text', () => {
  const { tell, written } = setUpAudit()
  tell({ ...samples.denied, detail: 'Authorization: Bearer planted-secret' })
  tell({ ...samples.policy_loaded, problems: ['Basic cGxhbnRlZA==', 'AKIAPLANTEDSECRET1'] })
  assert.equal(written.length, 2)
  assert.doesNotMatch(written.join(''), /planted|cGxhbnRlZA|PLANTED/)
})
