import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGate } from '../../src/layers/gate.ts'
import { createFindKnownCopies } from '../../src/publish/known-copies.ts'
import { forwardKey } from '../../src/publish/acceptance.ts'
import type { Findings } from '../../src/registry/findings.ts'
import { parseRepositoryName, type RepositoryName } from '../../src/registry/repository-name.ts'
import { opaque } from '../support/fake-inspector.ts'
import { admitLayer, digestOf, layerBytes } from '../support/layers.ts'
import { createMemoryFindings } from '../support/memory-findings.ts'
import { createMemoryJournal } from '../support/memory-journal.ts'
import { createMemorySpool } from '../support/memory-spool.ts'

const own = parseRepositoryName('team/app')
const hidden = parseRepositoryName('other/app')
const destination = { name: 'default', registry: 'sandbox/default' }
const target = { agent: 'ci', repository: own, destination }
const mayPullOwn = (repository: RepositoryName) => repository === own

const good = layerBytes(20)
const expected = digestOf(good)
const actual = digestOf(layerBytes(20, 2))
const kept: Findings = { ...opaque, contents: 'tar' }

/** Copies that lie here, and everything that was asked to find them. */
async function copiesOf(of: {
  readonly expected?: RepositoryName
  readonly actual?: RepositoryName
}) {
  const asked: string[] = []
  const journal = createMemoryJournal()
  const spool = createMemorySpool()
  const findings = createMemoryFindings()
  let open = 0
  if (of.expected) {
    await admitLayer(spool, createGate(spool), good)
    await journal.record(forwardKey({ ...target, repository: of.expected }, expected), 'ci', 20)
    await findings.keep(expected, kept)
  }
  if (of.actual) {
    await journal.record(forwardKey({ ...target, repository: of.actual }, actual), 'ci', 20)
  }
  const find = createFindKnownCopies({
    journal: {
      ofLayer(digest) {
        asked.push(`forwards of ${digest}`)
        return journal.ofLayer(digest)
      },
    },
    spool: {
      async open(digest) {
        asked.push(`open ${digest}`)
        const reader = await spool.open(digest)
        open += 1
        return {
          ...reader,
          async [Symbol.asyncDispose]() {
            open -= 1
            await reader[Symbol.asyncDispose]()
          },
        }
      },
    },
    findings: {
      of(digests) {
        asked.push(`findings of ${digests.join()}`)
        return findings.of(digests)
      },
    },
  })
  const copies = await find(target, mayPullOwn, expected, actual)
  const { hasGoodCopy, isOtherLayer, expectedFindings } = copies
  return {
    copies,
    asked,
    isOpen: () => open > 0,
    known: { hasGoodCopy, isOtherLayer, expectedFindings },
  }
}

const nothing = { hasGoodCopy: false, isOtherLayer: false, expectedFindings: undefined }

test('a copy that the agent may pull is known, with what was found in it, and open until the end', async () => {
  const { copies, known, isOpen } = await copiesOf({ expected: own })
  assert.deepEqual(known, { hasGoodCopy: true, isOtherLayer: false, expectedFindings: kept })
  assert.equal(isOpen(), true)
  await copies[Symbol.asyncDispose]()
  assert.equal(isOpen(), false)
})

test('bytes that are a layer that the agent may pull are known as that', async () => {
  const { known } = await copiesOf({ actual: own })
  assert.deepEqual(known, { ...nothing, isOtherLayer: true })
})

test('copies that the agent may not pull are not there for it: the same is said, and the same is asked', async () => {
  const there = await copiesOf({ expected: hidden, actual: hidden })
  const absent = await copiesOf({})
  assert.deepEqual(there.known, nothing)
  assert.deepEqual(there.known, absent.known)
  assert.deepEqual(there.asked, [`forwards of ${expected}`, `forwards of ${actual}`])
  assert.deepEqual(there.asked, absent.asked)
  assert.equal(there.isOpen(), false)
})

test('a layer of another registry is not known in this one', async () => {
  const journal = createMemoryJournal()
  const key = { registry: 'aws/default', repository: own, digest: expected }
  await journal.record(key, 'ci', 20)
  const spool = createMemorySpool()
  await admitLayer(spool, createGate(spool), good)
  const find = createFindKnownCopies({ journal, spool, findings: createMemoryFindings() })
  const { hasGoodCopy } = await find(target, () => true, expected, actual)
  assert.equal(hasGoodCopy, false)
})
