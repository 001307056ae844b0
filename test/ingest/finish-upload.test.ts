import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type FinishPorts,
  finishUpload,
  type Hold,
  type Recipient,
} from '../../src/ingest/finish-upload.ts'
import { openUpload } from '../../src/ingest/open-upload.ts'
import { diagnosis } from '../../src/registry/diagnosis.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import type { Findings, UnexaminedReason } from '../../src/registry/findings.ts'
import { codeIs } from '../support/code-is.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { opaque } from '../support/fake-inspector.ts'
import { nothingKnown } from '../support/recipient.ts'
import { never, repository, setUp, type SetupOptions } from './setup.ts'

const bytes = layerBytes(10)
const received = { digest: digestOf(bytes), sizeBytes: bytes.length }
const other = digestOf(layerBytes(10, 2))

const flaw = {
  cause: 'malformed_gzip',
  detail: 'The checksum of gzip member 1 is wrong.',
  evidence: { problem: 'checksum', member: 1 },
} as const
const broken: Findings = { ...opaque, compression: 'gzip', flaw }

/** A received upload, with everything that is done about it recorded in `steps`. */
async function receivedUpload(
  options: SetupOptions = {},
  role: Recipient<string>['role'] = 'layer',
) {
  const ports = setUp(options)
  const steps: string[] = []
  const holds: (Hold | undefined)[] = []
  const flawed: LayergateError[] = []
  const unexamined: UnexaminedReason[] = []
  const upload = await openUpload(ports, { repository, agent: 'ci', isResumable: false }, 0, never)
  await upload.writer.write(bytes)
  await upload.writer.flush()

  const recording: FinishPorts = {
    ...ports,
    gate: {
      ...ports.gate,
      admit(id, layer, expected) {
        assert.equal(id, upload.session.id)
        steps.push('seal')
        return ports.gate.admit(id, layer, expected)
      },
    },
    cache: {
      ...ports.cache,
      hold(digest) {
        steps.push('hold')
        const held = ports.cache.hold(digest)
        return {
          [Symbol.dispose]() {
            steps.push('let go')
            held[Symbol.dispose]()
          },
        }
      },
    },
  }
  const recipient: Recipient<string> = {
    role,
    known: nothingKnown,
    async check(digest) {
      steps.push(`check ${digest === received.digest}`)
    },
    async record(layer, hold) {
      const isSealed = (await ports.spool.find(layer.digest)) !== undefined
      const areKept = (await ports.findings.of([layer.digest])).size
      steps.push(`record ${isSealed} ${areKept}`)
      holds.push(hold)
      return 'recorded'
    },
  }
  const report = {
    flawed: (error: LayergateError) => flawed.push(error),
    unexamined: (_: unknown, reason: UnexaminedReason) => unexamined.push(reason),
  }
  return {
    ...ports,
    recipient,
    steps,
    holds,
    flawed,
    unexamined,
    finish(expected = received.digest, to: Recipient<string> = recipient) {
      const whole = { id: upload.session.id, agent: 'ci', received, expected, isFirstHand: true }
      return finishUpload(recording, whole, to, report)
    },
  }
}

const accepted = ['check true', 'hold', 'seal', 'record true 1', 'let go']

test('a layer is compared, inspected, checked, held, sealed, recorded, and only then let go', async () => {
  const { finish, steps, holds, inspector, unexamined, flawed } = await receivedUpload()
  assert.equal(await finish(), 'recorded')
  assert.deepEqual(steps, accepted)
  assert.deepEqual(holds, [undefined])
  assert.deepEqual(inspector.asked, ['inspect 1 of 10'])
  assert.deepEqual([unexamined, flawed], [[], []])
})

test('of bytes with another digest nobody hears anything but who says why', async () => {
  const why = diagnosis('truncated', { receivedBytes: 10 })
  const { finish, steps, spool, findings } = await receivedUpload({ inspector: { why } })
  await assert.rejects(finish(other), (error) => {
    assert.ok(codeIs('digest_mismatch')(error) && error instanceof LayergateError)
    assert.deepEqual(error.facts, {
      expected: { digest: other },
      actual: received,
      diagnosis: why,
    })
    return true
  })
  assert.deepEqual(steps, [])
  assert.deepEqual(
    [await spool.find(other), await spool.find(received.digest)],
    [undefined, undefined],
  )
  assert.equal((await findings.of([other, received.digest])).size, 0)
})

test('a layer that is broken is refused with its flaw, before anybody hears of it', async () => {
  const { finish, steps, spool } = await receivedUpload({ inspector: { findings: broken } })
  await assert.rejects(finish(), (error) => {
    assert.ok(codeIs('malformed_gzip')(error) && error instanceof LayergateError)
    assert.equal(error.message, flaw.detail)
    assert.deepEqual(error.facts, {
      actual: received,
      diagnosis: diagnosis('malformed_gzip', flaw.evidence),
    })
    return true
  })
  assert.deepEqual(steps, [])
  assert.equal(await spool.find(received.digest), undefined)
})

test('a blob with a flaw is recorded to be held', async () => {
  const options = { inspector: { findings: broken } }
  const { finish, steps, holds, findings, flawed } = await receivedUpload(options, 'blob')
  await finish()
  assert.deepEqual(steps, accepted)
  assert.deepEqual(holds, [{ code: 'malformed_gzip', detail: flaw.detail }])
  assert.deepEqual((await findings.of([received.digest])).get(received.digest), broken)
  assert.deepEqual(flawed, [])
})

test('where the inspection is only to report, a broken layer passes, and that is told', async () => {
  const options = { inspector: { findings: broken }, mode: 'report' } as const
  const { finish, steps, holds, flawed } = await receivedUpload(options)
  await finish()
  assert.deepEqual(steps, accepted)
  assert.deepEqual(holds, [undefined])
  assert.deepEqual(
    flawed.map(({ code, message }) => [code, message]),
    [['malformed_gzip', flaw.detail]],
  )
})

test('where the inspection is only to report, of a blob a manifest is to tell', async () => {
  const options = { inspector: { findings: broken }, mode: 'report' } as const
  const { finish, holds, flawed } = await receivedUpload(options, 'blob')
  await finish()
  assert.deepEqual([holds, flawed], [[undefined], []])
})

const beyond: Findings = { ...opaque, inflatedBytes: 5000, unexamined: 'ratio' }

test('a layer beyond the limits passes unexamined, and nothing is said to be known of it', async () => {
  const { finish, steps, unexamined } = await receivedUpload({ inspector: { findings: beyond } })
  await finish()
  assert.deepEqual(steps, ['check true', 'hold', 'seal', 'record true 0', 'let go'])
  assert.deepEqual(unexamined, ['ratio'])
})

test('a layer beyond the limits is broken where it is to be so', async () => {
  const options = { inspector: { findings: beyond }, overLimit: 'refuse' } as const
  const { finish, steps } = await receivedUpload(options)
  await assert.rejects(finish(), codeIs('beyond_limits'))
  assert.deepEqual(steps, [])
})

test('of a blob that is held for a limit nothing is kept: another time there may be another limit', async () => {
  const options = { inspector: { findings: beyond }, overLimit: 'refuse' } as const
  const { finish, findings, holds, unexamined } = await receivedUpload(options, 'blob')
  await finish()
  assert.equal(holds[0]?.code, 'beyond_limits')
  assert.equal((await findings.of([received.digest])).size, 0)
  assert.deepEqual(unexamined, [])
})

test('a layer that could not be inspected passes, whatever becomes of those beyond the limits', async () => {
  const findings: Findings = { ...opaque, unexamined: 'failed' }
  const options = { inspector: { findings }, overLimit: 'refuse' } as const
  const { finish, unexamined } = await receivedUpload(options)
  await finish()
  assert.deepEqual(unexamined, ['failed'])
})

test('what was found in the same bytes before holds when they cannot be inspected again', async () => {
  const options = { inspector: { findings: beyond } }
  const { finish, findings, holds, unexamined } = await receivedUpload(options, 'blob')
  await findings.keep(received.digest, broken)
  await finish()
  assert.deepEqual((await findings.of([received.digest])).get(received.digest), broken)
  assert.deepEqual(holds, [{ code: 'malformed_gzip', detail: flaw.detail }])
  assert.deepEqual(unexamined, [])
})

test('where the inspection is off nothing that was found before counts', async () => {
  const findings: Findings = { ...opaque, unexamined: 'off' }
  const options = { inspector: { findings }, mode: 'off' } as const
  const { finish, findings: kept, holds } = await receivedUpload(options, 'blob')
  await kept.keep(received.digest, broken)
  await finish()
  assert.deepEqual(holds, [undefined])
})

test('where nobody wants an inspection, none is missed', async () => {
  const findings: Findings = { ...opaque, unexamined: 'off' }
  const { finish, unexamined } = await receivedUpload({ inspector: { findings }, mode: 'off' })
  await finish()
  assert.deepEqual(unexamined, [])
})

test('a layer that would not be accepted is not sealed', async () => {
  const { finish, recipient, steps, spool } = await receivedUpload()
  const unknown = new LayergateError('repository_unknown', 'There is no such repository.')
  const refusing = { ...recipient, check: () => Promise.reject(unknown) }
  await assert.rejects(finish(received.digest, refusing), unknown)
  assert.deepEqual(steps, [])
  assert.equal(await spool.find(received.digest), undefined)
})

test('a layer that could not be recorded is let go, to be evicted like any other', async () => {
  const { finish, recipient, steps } = await receivedUpload()
  const gone = new Error('the journal is broken')
  const failing = { ...recipient, record: () => Promise.reject(gone) }
  await assert.rejects(finish(received.digest, failing), gone)
  assert.deepEqual(steps, ['check true', 'hold', 'seal', 'let go'])
})
