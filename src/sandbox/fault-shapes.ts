import type { Fault, FaultedCalls, FaultKind, FaultOf, FaultRule } from './faults.ts'
import {
  integer,
  jsonObject,
  listOf,
  number,
  oneOf,
  type Shape,
  ShapeError,
  structure,
  text,
} from './shapes.ts'

const only = <K extends FaultKind>(kind: K) => structure.exact({ kind: oneOf(kind) }, {})

const shapes: { readonly [K in FaultKind]: Shape<FaultOf<K>> } = {
  exception: structure.exact(
    { kind: oneOf('exception'), name: text({ min: 1 }) },
    { status: integer({ min: 400, max: 599 }), message: text(), members: jsonObject },
  ),
  'reset-mid-body': structure.exact({ kind: oneOf('reset-mid-body'), afterBytes: integer() }, {}),
  'reset-before-storing': only('reset-before-storing'),
  'reset-after-storing': only('reset-after-storing'),
  stall: only('stall'),
  delay: structure.exact({ kind: oneOf('delay'), delayMs: integer() }, {}),
  'html-503': only('html-503'),
  'empty-200': only('empty-200'),
  'truncated-answer': only('truncated-answer'),
  'flip-byte': structure.exact({ kind: oneOf('flip-byte') }, { offset: integer() }),
  'wrong-layer-digest': structure.exact({ kind: oneOf('wrong-layer-digest') }, { digest: text() }),
  'expired-credentials': structure.exact(
    { kind: oneOf('expired-credentials') },
    { accessKeyId: text() },
  ),
  'clock-skew': structure.exact({ kind: oneOf('clock-skew'), aheadMs: number }, {}),
}

const isFaultKind = (kind: unknown): kind is FaultKind =>
  typeof kind === 'string' && Object.hasOwn(shapes, kind)

const fault: Shape<Fault> = (value, at) => {
  const { kind } = jsonObject(value, at)
  if (isFaultKind(kind)) return shapes[kind](value, at)
  throw new ShapeError('constraint', `${at}.kind must be one of ${Object.keys(shapes).join(', ')}`)
}

const callNumber = integer({ min: 1 })
const range = structure.exact({ from: callNumber, to: callNumber }, {})
const calls: Shape<FaultedCalls> = (value, at) => {
  if (value === 'every') return value
  return typeof value === 'number' ? callNumber(value, at) : range(value, at)
}

const rule = structure.exact({ operation: text({ min: 1 }), call: calls, fault }, {})

/** One rule, or a list of them. */
export const faultRulesShape: Shape<readonly FaultRule[]> = (value, at) =>
  Array.isArray(value) ? listOf(rule)(value, at) : [rule(value, at)]
