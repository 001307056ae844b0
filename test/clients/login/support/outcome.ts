import assert from 'node:assert/strict'
import type { Outcome } from '../../push/support/home.ts'

export function assertSuccess(outcome: Outcome): void {
  assert.equal(outcome.exitCode, 0, written(outcome))
}

/** Fails when the program succeeds, or its user does not read why it did not. */
export function assertRefused(outcome: Outcome, why: RegExp): void {
  // A program that was killed, as one that hangs is, has no exit status.
  assert.ok(outcome.exitCode !== null && outcome.exitCode > 0, written(outcome))
  assert.match(written(outcome), why)
}

/** What a client wrote, both ways. */
export function written({ stdout, stderr }: Outcome): string {
  return `${stdout}${stderr}`
}
