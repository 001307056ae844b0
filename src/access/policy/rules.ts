import { type ClaimPattern, createClaimsMatch, readClaims } from './claims.ts'
import { quotedList, readFields, readList, shown, type Value } from './fields.ts'
import { readGrants, readLimits } from './grants.ts'
import { createNames } from './names.ts'
import type { PolicyRule } from './policy.ts'
import type { Report } from './problems.ts'
import { ownersOf } from './shared-issuers.ts'

/** @param issuer whose tokens they are for */
export function readRules(
  value: Value | undefined,
  report: Report,
  issuer: string,
): readonly PolicyRule[] {
  const readName = createNames('the rules of an issuer', report)
  return readList(value, report).map((item) => {
    const fields = readFields(item, report, 'a rule', ['name', 'claims', 'grants', 'limits'])
    const name = readName(fields.need('name'))
    const claims = fields.need('claims')
    const patterns = claims ? readClaims(claims, report) : []
    if (claims && patterns.length > 0) checkOwner(claims, report, issuer, name, patterns)
    return {
      name,
      matches: createClaimsMatch(patterns),
      grants: readGrants(fields.need('grants'), report),
      limits: readLimits(fields.get('limits'), report),
    }
  })
}

function checkOwner(
  where: Value,
  report: Report,
  issuer: string,
  rule: string,
  patterns: readonly ClaimPattern[],
): void {
  const owners = ownersOf(issuer)
  if (!owners || patterns.some(({ name, isExact }) => isExact && owners.includes(name))) return
  const words = `Everybody can have tokens of ${issuer}: the rule ${shown(rule)} must say whose it is for, by an exact value of one of ${quotedList(owners)}.`
  report(where, words)
}
