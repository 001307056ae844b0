import { readAgents } from './agents.ts'
import { deepFreeze } from './deep-freeze.ts'
import { type DestinationDefaults, readDestinations } from './destinations.ts'
import { readFields, readNumber } from './fields.ts'
import { readIssuers } from './issuers.ts'
import { createNames } from './names.ts'
import type { Policy } from './policy.ts'
import { createProblems } from './problems.ts'
import { readSource } from './source.ts'

/**
 * Reads a policy file, version 1.
 *
 * @param text YAML
 * @returns the policy, which nobody can change any more
 * @throws PolicyError naming all problems at once, each with its line; where it is no YAML, only why it is none
 */
export function parsePolicy(text: string, defaults: DestinationDefaults): Policy {
  const problems = createProblems()
  const { report } = problems
  const source = readSource(text, problems)
  const keys = ['version', 'destinations', 'agents', 'issuers'] as const
  const fields = readFields(source, report, 'a policy', keys)

  const version = fields.need('version')
  const number = readNumber(version, report)
  if (version && number !== undefined && number !== 1) {
    report(version, `"version" must be 1, but is ${number}.`)
  }
  // They become the names of agents, both.
  const readName = createNames('agents and issuers', report)
  const policy = {
    destinations: readDestinations(fields.need('destinations'), report, defaults),
    agents: readAgents(fields.get('agents'), report, readName),
    issuers: readIssuers(fields.get('issuers'), report, readName),
  }
  problems.throwIfAny()
  return deepFreeze(policy)
}
