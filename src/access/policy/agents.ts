import { createHash } from 'node:crypto'
import { readFields, readList, readText, shown, type Value } from './fields.ts'
import { readGrants, readLimits } from './grants.ts'
import type { ReadName } from './names.ts'
import type { PolicyAgent } from './policy.ts'
import type { Report } from './problems.ts'

/** What comes of `sha256sum` where the token was empty by mistake. */
const emptyHashes: ReadonlySet<string> = new Set(
  ['', '\n'].map((text) => createHash('sha256').update(text).digest('hex')),
)

/** @param readName agents and issuers share their names: both become the name of an agent in metrics and logs */
export function readAgents(
  value: Value | undefined,
  report: Report,
  readName: ReadName,
): readonly PolicyAgent[] {
  const owners = new Map<string, Value>()
  return readList(value, report).map((item) => {
    const fields = readFields(item, report, 'an agent', ['name', 'tokens', 'grants', 'limits'])
    return {
      name: readName(fields.need('name')),
      tokenHashes: readTokens(fields.need('tokens'), report, owners),
      grants: readGrants(fields.need('grants'), report),
      limits: readLimits(fields.get('limits'), report),
    }
  })
}

/** Says nothing of what stands there: it may be a token, by mistake. */
function readTokens(
  value: Value | undefined,
  report: Report,
  owners: Map<string, Value>,
): readonly string[] {
  return readList(value, report).flatMap((item) => {
    const text = readText(item, () => {}) ?? ''
    const hash = /^sha256:([0-9a-f]{64})$/.exec(text)?.[1]
    if (hash === undefined) {
      report(
        item,
        `An item of "tokens" must be ${shown('sha256:')} and 64 digits of lower-case hexadecimal, as \`layergate token\` prints it: never the token itself.`,
      )
      return []
    }
    if (emptyHashes.has(hash)) report(item, 'This is the hash of an empty token.')
    const owner = owners.get(hash)
    if (owner)
      report(item, `This token stands in line ${owner.line} already: one token proves one agent.`)
    owners.set(hash, owner ?? item)
    return [hash]
  })
}
