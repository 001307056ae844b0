import type { Verdict } from './verdict.ts'

/** For programs: one object, with the members of a refusal under their names in the HTTP API. @param file as it was named */
export function verdictJson(verdict: Verdict, file: string | undefined): string {
  const { expected, actual, findings, refusal } = verdict
  const told = {
    ...(file !== undefined && { file }),
    result: refusal ? 'refused' : 'good',
    ...(refusal && { code: refusal.code, detail: refusal.detail }),
    expected: { digest: expected },
    actual,
    ...(refusal && { diagnosis: refusal.diagnosis }),
    findings,
  }
  return `${JSON.stringify(told, null, 2)}\n`
}
