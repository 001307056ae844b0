import type { Action } from '../identity.ts'
import {
  quotedList,
  readFields,
  readList,
  readNumber,
  readText,
  shown,
  type Value,
} from './fields.ts'
import { readRepositories } from './patterns.ts'
import type { Limits, PolicyGrant } from './policy.ts'
import type { Report } from './problems.ts'

const allActions: readonly Action[] = ['push', 'pull', 'observe']

export function readGrants(value: Value | undefined, report: Report): readonly PolicyGrant[] {
  return readList(value, report).map((item) => readGrant(item, report))
}

function readGrant(value: Value, report: Report): PolicyGrant {
  const fields = readFields(value, report, 'a grant', ['repositories', 'actions'])
  const actions = readActions(fields.need('actions'), report)
  const isOfRepositories = actions.size !== 1 || !actions.has('observe')
  const repositories = isOfRepositories ? fields.need('repositories') : fields.get('repositories')
  return { covers: readRepositories(repositories, report).matches, actions }
}

function readActions(value: Value | undefined, report: Report): ReadonlySet<Action> {
  const actions = new Set<Action>()
  for (const item of readList(value, report, 'action')) {
    const text = readText(item, report)
    const action = allActions.find((known) => known === text)
    if (action) actions.add(action)
    else if (text !== undefined) {
      report(item, `${shown(text)} is no action: there are ${quotedList(allActions)}.`)
    }
  }
  return actions
}

export function readLimits(value: Value | undefined, report: Report): Limits {
  if (!value) return {}
  const fields = readFields(value, report, 'limits', ['uploads', 'requestsPerSecond'])
  const uploads = readAbove0(fields.get('uploads'), report)
  const requestsPerSecond = readAbove0(fields.get('requestsPerSecond'), report)
  if (uploads !== undefined && !Number.isSafeInteger(uploads)) {
    report(fields.get('uploads') ?? fields, '"uploads" must be a whole number.')
  }
  return {
    ...(uploads !== undefined && { uploads }),
    ...(requestsPerSecond !== undefined && { requestsPerSecond }),
  }
}

function readAbove0(value: Value | undefined, report: Report): number | undefined {
  const number = readNumber(value, report)
  if (value && number !== undefined && !(number > 0 && number <= 1e6)) {
    report(
      value,
      `${value.label} must be above 0, 1000000 at most. To stop somebody, take the grants away.`,
    )
  }
  return number
}
