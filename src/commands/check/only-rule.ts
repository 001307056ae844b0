import type { Identity } from '../../access/identity.ts'
import type { Policy } from '../../access/policy/policy.ts'

/**
 * A policy with one rule of its issuers, and whom that rule is for, whatever the claims are.
 *
 * @param path issuer and rule, with a slash between
 * @returns `undefined` where there is no such rule
 */
export function onlyRule(
  policy: Policy,
  path: string,
): { readonly policy: Policy; readonly identity: Identity } | undefined {
  const [issuerName = '', ruleName = '', ...rest] = path.split('/')
  const issuer = policy.issuers.find(({ name }) => name === issuerName)
  const rule = issuer?.rules.find(({ name }) => name === ruleName)
  if (!issuer || !rule || rest.length > 0) return undefined
  return {
    policy: { ...policy, issuers: [{ ...issuer, rules: [{ ...rule, matches: () => true }] }] },
    identity: { kind: 'workload', issuer: issuerName, subject: '', claims: {} },
  }
}
