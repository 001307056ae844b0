import { readFields, readList, readText, shown, type Value } from './fields.ts'
import type { ReadName } from './names.ts'
import type { PolicyIssuer } from './policy.ts'
import type { Report } from './problems.ts'
import { readRules } from './rules.ts'
import { readIssuerUrl, readUrl } from './urls.ts'

export function readIssuers(
  value: Value | undefined,
  report: Report,
  readName: ReadName,
): readonly PolicyIssuer[] {
  const issuers: PolicyIssuer[] = []
  for (const item of readList(value, report)) {
    const read = readIssuer(item, report, readName)
    const same = issuers.find(
      ({ issuer, audience }) => issuer === read.issuer && audience === read.audience,
    )
    if (same && read.issuer !== '') {
      report(
        item,
        `The issuers ${shown(same.name)} and ${shown(read.name)} are one: give their rules to one of them, or give them different audiences.`,
      )
    }
    issuers.push(read)
  }
  return issuers
}

function readIssuer(value: Value, report: Report, readName: ReadName): PolicyIssuer {
  const fields = readFields(value, report, 'an issuer', [
    'name',
    'issuer',
    'audience',
    'jwksUri',
    'jwksFile',
    'caFile',
    'tokenFile',
    'rules',
  ])
  const name = readName(fields.need('name'))
  const issuer = readIssuerUrl(fields.need('issuer'), report) ?? ''
  const audience = readText(fields.need('audience'), report) ?? ''
  const jwksUri = readUrl(fields.get('jwksUri'), report)
  const keys = fields.get('jwksFile')
  const jwksFile = readText(keys, report)
  if (keys) {
    for (const useless of ['jwksUri', 'caFile', 'tokenFile'] as const) {
      if (fields.get(useless)) {
        report(
          keys,
          `"${useless}" says how keys are fetched, but "jwksFile" is where they are: keep one of them.`,
        )
      }
    }
  }
  const caFile = readText(fields.get('caFile'), report)
  const tokenFile = readText(fields.get('tokenFile'), report)
  return {
    name,
    issuer,
    audience,
    ...(jwksUri && { jwksUri }),
    ...(jwksFile !== undefined && { jwksFile }),
    ...(caFile !== undefined && { caFile }),
    ...(tokenFile !== undefined && { tokenFile }),
    rules: readRules(fields.need('rules'), report, issuer),
  }
}
