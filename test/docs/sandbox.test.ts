import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultRulesShape } from '../../src/sandbox/fault-shapes.ts'
import { defaultSwitches } from '../../src/sandbox/switches.ts'
import { quoted, readPage, tableUnder } from './pages.ts'

const page = await readPage('docs/sandbox.md')

/** The kinds that the sandbox names when it is given one that it does not know. */
function knownKinds(): readonly string[] {
  try {
    faultRulesShape({ operation: '*', call: 1, fault: { kind: 'no such kind' } }, 'faults')
  } catch (error) {
    return /one of (.*)$/.exec(String(error))?.[1]?.split(', ') ?? []
  }
  throw new Error('The sandbox takes a fault of any kind.')
}

test('docs/sandbox.md lists every switch with its default, and no other', () => {
  const documented = tableUnder(page, 'Switches').map(([name = '', fallback = '']) => {
    return [quoted(name).join(), JSON.parse(quoted(fallback).join())]
  })
  assert.deepEqual(documented, Object.entries(defaultSwitches))
})

test('docs/sandbox.md has an example of every fault, and the sandbox takes it', () => {
  const faults = tableUnder(page, 'Faults').map(([fault = '']) => JSON.parse(quoted(fault).join()))
  for (const fault of faults) {
    assert.doesNotThrow(() => faultRulesShape({ operation: '*', call: 1, fault }, 'faults'))
  }
  assert.deepEqual(
    faults.map(({ kind }) => kind),
    knownKinds(),
  )
})
