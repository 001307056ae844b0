import assert from 'node:assert/strict'
import test from 'node:test'
import { renderDropped, renderRetried } from '../../src/commands/forwards/changes.ts'
import { renderList } from '../../src/commands/forwards/listing.ts'
import { durationText, plain, sizeText } from '../../src/registry/plain-text.ts'
import type { Debt, Listed } from '../../src/commands/forwards/question.ts'

const digest = `sha256:${'a'.repeat(64)}`
const at = '2026-01-01T12:00:00.000Z'

function debt(differences: Partial<Debt> = {}): Debt {
  return {
    registry: 'aws/default',
    repository: 'team/app',
    digest,
    agent: 'ci',
    sizeBytes: 1024,
    state: 'owed',
    attempts: 0,
    recordedAt: at,
    ...differences,
  }
}

function listed(forwards: readonly Debt[], differences: Partial<Listed> = {}): Listed {
  return { at, forwards, hasMore: false, totals: totals(), ...differences }
}

function totals(differences: Partial<Listed['totals']> = {}): Listed['totals'] {
  return {
    waiting: 0,
    parked: 0,
    parkedForGood: 0,
    held: 0,
    heldBytes: 0,
    backlogBytes: 0,
    owedLayers: 0,
    ...differences,
  }
}

test('a list is in aligned columns, with what went wrong below, and what it comes to', () => {
  const list = renderList(
    listed(
      [
        debt({
          state: 'parked_for_good',
          attempts: 12,
          sizeBytes: 3 * 1024 ** 3,
          recordedAt: '2025-12-31T09:00:00.000Z',
          error: { code: 'upstream_credentials', detail: 'It may not.' },
        }),
        debt({ state: 'parked', dueAt: '2026-01-01T12:09:30.000Z' }),
        debt({ repository: 'team/other-app', dueAt: at }),
        debt({ state: 'forwarding', agent: 'linux-builders' }),
        debt({ state: 'held', error: { code: 'malformed_tar', detail: 'It is cut off.' } }),
      ],
      {
        totals: totals({
          waiting: 1,
          parked: 1,
          parkedForGood: 1,
          held: 1,
          heldBytes: 1024,
          backlogBytes: 3 * 1024,
          owedLayers: 2,
        }),
      },
    ),
  )
  assert.equal(
    list,
    `
state            age    size     attempts  repository      digest                                                                   next try   agent
parked for good  1d 3h  3.0 GiB  12        team/app        ${digest}  -          ci
    upstream_credentials: It may not.
parked           0s     1.0 KiB  0         team/app        ${digest}  in 9m 30s  ci
waiting          0s     1.0 KiB  0         team/other-app  ${digest}  now        ci
sending          0s     1.0 KiB  0         team/app        ${digest}  -          linux-builders
held             0s     1.0 KiB  0         team/app        ${digest}  -          ci
    malformed_tar: It is cut off.

In all: 1 waiting, 1 sending, 1 parked, 3.0 KiB together; 1 parked for good; 1 held, 1.0 KiB.
`.slice(1),
  )
})

test('a list that is empty says so', () => {
  assert.equal(renderList(listed([])), 'Nothing is owed.\n')
})

test('a list that is cut off by its limit says so, and a whole one does not', () => {
  assert.match(renderList(listed([debt()], { hasMore: true })), /^These are the 1 .*--limit/m)
  assert.doesNotMatch(renderList(listed([debt()])), /--limit/)
})

test('the registry is shown where there is more than one', () => {
  const list = renderList(listed([debt(), debt({ registry: 'sandbox/default' })]))
  assert.match(list, /^state .* agent +registry$/m)
  assert.match(list, /^waiting .* ci +sandbox\/default$/m)
  assert.doesNotMatch(renderList(listed([debt()])), /registry|aws\/default/)
})

test('nothing that a terminal would obey gets into a list', () => {
  const detail = 'red\u001B[31m\u0007 back\r\n\u009B2J bidi\u202E\u2028\uD800 end'
  const list = renderList(
    listed([debt({ agent: 'ci\u001B]0;title', error: { code: 'x\u0000', detail } })]),
  )
  assert.doesNotMatch(list.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
  assert.match(list, /^ {4}x: red \[31m back 2J bidi end$/m)
  assert.match(list, / ci \]0;title$/m)
})

test('other words stay as they are', () => {
  assert.equal(plain('Zürich, 東京, 🙂.'), 'Zürich, 東京, 🙂.')
})

for (const [sizeBytes, text] of [
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [1024 ** 2 - 1, '1.0 MiB'],
  [10 * 1024 ** 3, '10.0 GiB'],
  [5000 * 1024 ** 4, '5000.0 TiB'],
] as const) {
  test(`${sizeBytes} bytes are ${text}`, () => assert.equal(sizeText(sizeBytes), text))
}

for (const [durationMs, text] of [
  [-5000, '0s'],
  [999, '0s'],
  [59_999, '59s'],
  [60_000, '1m 0s'],
  [3_599_999, '59m 59s'],
  [3_600_000, '1h 0m'],
  [86_399_999, '23h 59m'],
  [90_000_000, '1d 1h'],
] as const) {
  test(`${durationMs} ms are ${text}`, () => assert.equal(durationText(durationMs), text))
}

test('a retry says what is tried again, and what is on its way already', () => {
  const forwards = [debt(), debt({ state: 'forwarding', registry: 'sandbox/default' })]
  assert.equal(
    renderRetried({ forwards }, false, false),
    `${digest} to team/app in aws/default is tried again now.
${digest} to team/app in sandbox/default is being sent already.
`,
  )
  assert.match(
    renderRetried({ forwards: [debt()] }, false, true),
    /is tried again at the next start/,
  )
})

test('a retry of what was held says that it is no more', () => {
  const released = debt({ wasHeld: true })
  const words = (isOffline: boolean) => renderRetried({ forwards: [released] }, false, isOffline)
  assert.equal(
    words(false),
    `${digest} to team/app in aws/default is held no more, and sent now.\n`,
  )
  assert.match(words(true), /is held no more, and sent at the next start\.$/m)
})

function all(count: number): string {
  const forwards = Array.from({ length: count }, () => debt())
  return renderRetried({ forwards }, true, false)
}

test('a retry of everything says how many those are', () => {
  assert.equal(all(0), 'Nothing is parked.\n')
  assert.equal(all(1), '1 parked forward is tried again now.\n')
  assert.equal(all(2), '2 parked forwards are tried again now.\n')
})

test('a drop says what is given up, and whether it may arrive all the same', () => {
  const words = renderDropped({ forwards: [debt({ state: 'parked' })] })
  assert.match(words, /^sha256:a+ to team\/app in aws\/default \(1\.0 KiB\) is dropped\.$/m)
  assert.match(words, /does not bring it to AWS any more.*forward_dropped/s)
  assert.doesNotMatch(words, /all the same/)
  const inFlight = renderDropped({ forwards: [debt({ state: 'forwarding' })] })
  assert.match(inFlight, /It was being sent: AWS may get it all the same\./)
})
