import type { Refusals } from '../../../src/layers/refusals.ts'
import { diagnosis } from '../../../src/registry/diagnosis.ts'
import type { Refusal } from '../../../src/registry/refusal.ts'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { layerOf, someBytes } from './layers.ts'

export const repository = parseRepositoryName('team/app')
export const elsewhere = parseRepositoryName('team/other')

/** Of layers that nobody has seen before. */
export function someRefusal(refusedAt: Date, differing: Partial<Refusal> = {}): Refusal {
  return {
    repository,
    agent: 'ci',
    place: 'raw',
    requestId: 'request-1',
    code: 'digest_mismatch',
    detail: 'The bytes that came are those of another file: “größer”.',
    expected: { digest: layerOf(someBytes(8)).digest },
    actual: layerOf(someBytes(8)),
    diagnosis: diagnosis('truncated', { missingBytes: 12, member: 'gzip 2', ratio: 0.5 }),
    refusedAt,
    ...differing,
  }
}

export async function recordAll(refusals: Refusals, all: readonly Refusal[]): Promise<void> {
  for (const refusal of all) await refusals.record(refusal)
}
