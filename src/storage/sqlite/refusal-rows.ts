import { type Diagnosis, diagnosis, isRefusalCause } from '../../registry/diagnosis.ts'
import { errorTable } from '../../registry/error-table.ts'
import type { Measure } from '../../registry/errors.ts'
import type { Refusal, RefusalPlace } from '../../registry/refusal.ts'
import { parseRepositoryName, type RepositoryName } from '../../registry/repository-name.ts'
import { parseFields, toEvidence } from './json.ts'
import type { Row } from './messages.ts'
import { date, integer, isNull, oneOf, text } from './rows.ts'

const places: Readonly<Record<RefusalPlace, true>> = {
  raw: true,
  multipart: true,
  oci: true,
  manifest: true,
  unclaimed: true,
}

/** @throws Error when another version wrote a cause, a place or an error code that this one does not know */
export function toRefusal(row: Row): Refusal {
  const [expected, actual] = [toMeasure(row, 'expected'), toMeasure(row, 'actual')]
  return {
    repository: repositoryOf(row),
    agent: text(row, 'agent'),
    place: oneOf(row, 'place', places),
    ...(!isNull(row, 'request_id') && { requestId: text(row, 'request_id') }),
    code: oneOf(row, 'code', errorTable),
    detail: text(row, 'detail'),
    ...(expected && { expected }),
    ...(actual && { actual }),
    diagnosis: toDiagnosis(row),
    refusedAt: date(row, 'refused_at'),
  }
}

/** @throws LayergateError when it is no name of a repository */
export function repositoryOf(row: Row): RepositoryName {
  return parseRepositoryName(text(row, 'repository'))
}

function toMeasure(row: Row, side: 'expected' | 'actual'): Measure | undefined {
  const [digest, bytes] = [`${side}_digest`, `${side}_bytes`]
  if (isNull(row, digest) && isNull(row, bytes)) return undefined
  return {
    ...(!isNull(row, digest) && { digest: text(row, digest) }),
    ...(!isNull(row, bytes) && { sizeBytes: integer(row, bytes) }),
  }
}

/** The advice is that of today. */
function toDiagnosis(row: Row): Diagnosis {
  const cause = text(row, 'cause')
  if (!isRefusalCause(cause)) throw new Error(`The journal holds ${cause} as a cause.`)
  return diagnosis(cause, toEvidence(parseFields(text(row, 'evidence'))))
}
