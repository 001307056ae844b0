import assert from 'node:assert/strict'
import { parsePolicy } from '../../../src/access/policy/parse-policy.ts'
import type { Policy } from '../../../src/access/policy/policy.ts'
import { PolicyError } from '../../../src/access/policy/policy-error.ts'
import { parseRepositoryName, type RepositoryName } from '../../../src/registry/repository-name.ts'

export const aws = { kind: 'aws' } as const

export const tokenHash = 'ab'.repeat(32)

export function named(text: string): RepositoryName {
  return parseRepositoryName(text)
}

/** A policy of which only some parts are of interest: YAML in flow style, one line each. */
export interface PolicyParts {
  readonly destinations?: readonly string[]
  readonly agents?: readonly string[]
  readonly issuers?: readonly string[]
}

/** Each part stands on a line of its own; the first destination on line 3. */
export function policyText({
  destinations = ['{ name: all, repositories: ["**"] }'],
  agents = [],
  issuers = [],
}: PolicyParts): string {
  return [
    'version: 1',
    ...(destinations.length === 0 ? ['destinations: []'] : list('destinations', destinations)),
    ...list('agents', agents),
    ...list('issuers', issuers),
    '',
  ].join('\n')
}

function list(name: string, items: readonly string[]): readonly string[] {
  return items.length === 0 ? [] : [`${name}:`, ...items.map((item) => `  - ${item}`)]
}

export function policyOf(parts: PolicyParts): Policy {
  return parsePolicy(policyText(parts), aws)
}

/** What is wrong with a text; none where nothing is. */
export function problemsOf(text: string): readonly string[] {
  try {
    parsePolicy(text, aws)
    return []
  } catch (error) {
    assert.ok(error instanceof PolicyError, String(error))
    return error.problems
  }
}

export function problemsIn(parts: PolicyParts): readonly string[] {
  return problemsOf(policyText(parts))
}

/** An agent in one line. */
export function agent(name: string, grants: string, more = ''): string {
  return `{ name: ${name}, tokens: [], grants: [${grants}]${more} }`
}

/** An issuer of one's own in one line. */
export function issuer(name: string, rules: string, more = ''): string {
  const host = `https://${name}.example`
  return `{ name: ${name}, issuer: "${host}", audience: layergate${more}, rules: [${rules}] }`
}
