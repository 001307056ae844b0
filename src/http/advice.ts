import type { Diagnosis } from '../registry/diagnosis.ts'
import type { LayergateError } from '../registry/errors.ts'

/** What there is to do: about the cause where one is proved, else about whatever may lead to such an error. */
export function adviceOf(error: LayergateError): string {
  return provenDiagnosis(error)?.advice ?? error.entry.advice
}

/** The diagnosis, unless all that it says is that nothing is proved. */
export function provenDiagnosis({ facts }: LayergateError): Diagnosis | undefined {
  return facts.diagnosis?.cause === 'unknown' ? undefined : facts.diagnosis
}
