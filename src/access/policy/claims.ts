import { isMap } from 'yaml'
import { createClaimGlob } from '../../registry/glob.ts'
import { readEntries, readFields, readText, type Value } from './fields.ts'
import type { PolicyRule } from './policy.ts'
import type { Report } from './problems.ts'

/** What a rule wants of one claim. */
export interface ClaimPattern {
  readonly name: string
  readonly isExact: boolean
  readonly matches: (claim: string) => boolean
}

/**
 * Events that let in code which nobody of the project has looked at. A rule is not for them unless it names the claim.
 *
 * - https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
 * - https://docs.gitlab.com/ci/jobs/job_rules/#ci_pipeline_source-predefined-variable
 */
const strangeEvents: Readonly<Record<string, RegExp>> = {
  event_name: /^pull_request/,
  pipeline_source: /^(?:merge_request_event|external_pull_request_event|parent_pipeline)$/,
}

/** @returns none where there is none, which is reported: a rule without claims would be for everybody */
export function readClaims(value: Value, report: Report): readonly ClaimPattern[] {
  const entries = readEntries(value, report)
  if (entries?.length === 0) {
    report(
      value,
      '"claims" must name one claim at least: without any, every token of the issuer would do.',
    )
  }
  return (entries ?? []).flatMap(([name, pattern]) => readPattern(name, pattern, report))
}

function readPattern(name: string, value: Value, report: Report): readonly ClaimPattern[] {
  if (!isMap(value.node)) {
    const expected = readText(value, report)
    if (expected === undefined) return []
    return [{ name, isExact: true, matches: (claim) => claim === expected }]
  }
  const inner = readFields(value, report, 'a pattern of a claim', ['glob']).need('glob')
  const glob = readText(inner, report)
  if (inner === undefined || glob === undefined) return []
  if (/^\*+$/.test(glob)) {
    report(
      inner,
      `The pattern of ${value.label} fits everything: say more, or leave the claim out.`,
    )
  } else if (glob.includes('**')) {
    report(
      inner,
      `"**" is nothing special in a claim: "*" stands for any characters but "/" and "@".`,
    )
  }
  return [{ name, isExact: false, matches: createClaimGlob(glob) }]
}

/** Which claims say that a run is for such an event. */
export function strangeEventsOf(claims: Claims): readonly string[] {
  return Object.entries(strangeEvents)
    .filter(([name, events]) => isMet(claims, name, (text) => events.test(text)))
    .map(([name]) => name)
}

/** All of the patterns are met, and the event is one that may be taken for granted, or that the rule names. */
export function createClaimsMatch(patterns: readonly ClaimPattern[]): PolicyRule['matches'] {
  const named = new Set(patterns.map(({ name }) => name))
  return (claims) =>
    patterns.length > 0 &&
    patterns.every(({ name, matches }) => isMet(claims, name, matches)) &&
    strangeEventsOf(claims).every((name) => named.has(name))
}

type Claims = Readonly<Record<string, unknown>>

function isMet(claims: Claims, name: string, matches: ClaimPattern['matches']): boolean {
  const text = Object.hasOwn(claims, name) ? claims[name] : undefined
  return typeof text === 'string' && matches(text)
}
