import { registryKey, type Role } from '../../registry/destination.ts'
import {
  type Fields,
  readFields,
  readList,
  readSwitch,
  readText,
  shown,
  type Value,
} from './fields.ts'
import { createNames, type ReadName } from './names.ts'
import { type Patterns, readRepositories, readTags } from './patterns.ts'
import type { PolicyDestination } from './policy.ts'
import type { Report } from './problems.ts'

/** What the configuration of the service says for all destinations. */
export interface DestinationDefaults {
  readonly kind: 'aws' | 'sandbox'
  /** Of those that have no role. */
  readonly registryId?: string
}

/** From the ECR Public API model (2020-10-30): the account's id, or `RegistryAliasName`. */
const registryIdGrammar = /^(?:\d{12}|(?=.{2,50}$)[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*)$/

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns */
const roleGrammar = /^arn:aws[a-z-]*:iam::\d{12}:role\/(?:[!-~]+\/)?[\w+=,.@-]{1,64}$/

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, `ExternalId` */
const externalIdGrammar = /^[\w+=,.@:/-]{2,1224}$/

/** Whole segments of a repository's name. */
const prefixGrammar = /^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)+$/

export function readDestinations(
  value: Value | undefined,
  report: Report,
  defaults: DestinationDefaults,
): readonly PolicyDestination[] {
  const readName = createNames('destinations', report)
  const destinations: PolicyDestination[] = []
  for (const item of readList(value, report)) {
    const destination = readDestination(item, report, defaults, readName)
    const same = destinations.find(({ registry }) => registry === destination.registry)
    if (same && !isSameRole(same.role, destination.role)) {
      const words = `The destination ${shown(destination.name)} is the same place as ${shown(same.name)}, so it needs the same "roleArn" and "externalId": what is owed to a place is sent with one identity.`
      report(item, words)
    }
    const [registry = ''] = destination.registry.split('#')
    const other = destinations.find(
      (one) =>
        one.registry.split('#')[0] === registry && one.stripPrefix !== destination.stripPrefix,
    )
    if (other) {
      const words = `The destinations ${shown(other.name)} and ${shown(destination.name)} are one registry, so they need the same "stripPrefix": otherwise two names of agents can be one repository there, and a grant for one would be a grant for the other.`
      report(item, words)
    }
    destinations.push(destination)
  }
  return destinations
}

function readDestination(
  value: Value,
  report: Report,
  { kind, registryId: defaultId }: DestinationDefaults,
  readName: ReadName,
): PolicyDestination {
  const fields = readFields(value, report, 'a destination', [
    'name',
    'repositories',
    'stripPrefix',
    'registryId',
    'roleArn',
    'externalId',
    'createRepositories',
    'writeOnceTags',
  ])
  const name = readName(fields.need('name'))
  const repositories = readRepositories(fields.need('repositories'), report)
  const stripPrefix = readStripPrefix(fields.get('stripPrefix'), repositories, report)
  const role = readRole(fields, report)
  const registryId =
    readRegistryId(fields.get('registryId'), report) ?? (role ? undefined : defaultId)
  const createRepositories = readSwitch(fields.get('createRepositories'), report)
  const writeOnceTags = fields.get('writeOnceTags')

  const place = {
    ...(registryId !== undefined && { registryId }),
    ...(stripPrefix !== undefined && { stripPrefix }),
    ...(role && { role }),
  }
  return {
    name,
    registry: registryKey(kind, place),
    ...place,
    ...(createRepositories !== undefined && { createRepositories }),
    ...(writeOnceTags && { isWriteOnce: readTags(writeOnceTags, report).matches }),
    takes: repositories.matches,
  }
}

function readStripPrefix(
  value: Value | undefined,
  repositories: Patterns,
  report: Report,
): string | undefined {
  const prefix = readText(value, report)
  if (value === undefined || prefix === undefined) return undefined
  if (!prefixGrammar.test(prefix)) {
    report(
      value,
      `"stripPrefix" must be the beginning of repository names, up to a slash, such as "acme/", but is ${shown(prefix)}.`,
    )
    return prefix
  }
  for (const { pattern, ...where } of repositories.items) {
    if (pattern.startsWith(prefix)) continue
    report(
      where,
      `The pattern ${shown(pattern)} must begin with ${shown(prefix)}, which "stripPrefix" takes away.`,
    )
  }
  return prefix
}

function readRegistryId(value: Value | undefined, report: Report): string | undefined {
  const id = readText(value, report)
  if (value && id !== undefined && !registryIdGrammar.test(id)) {
    report(
      value,
      `"registryId" must be the 12 digits of an account, or the alias of its registry, but is ${shown(id)}.`,
    )
  }
  return id
}

function readRole(fields: Fields<'roleArn' | 'externalId'>, report: Report): Role | undefined {
  const [arnValue, idValue] = [fields.get('roleArn'), fields.get('externalId')]
  const arn = readText(arnValue, report)
  const externalId = readText(idValue, report)
  if (arnValue && arn !== undefined && !roleGrammar.test(arn)) {
    report(
      arnValue,
      `"roleArn" must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/layergate-push, but is ${shown(arn)}.`,
    )
  }
  // Not shown: it is no secret for AWS, but is treated as one by many.
  if (idValue && externalId !== undefined && !externalIdGrammar.test(externalId)) {
    report(
      idValue,
      '"externalId" must have 2 to 1224 letters, digits and characters of "_+=,.@:/-".',
    )
  }
  if (idValue && !arnValue)
    report(idValue, '"externalId" belongs to a "roleArn", which is missing.')
  if (arn === undefined) return undefined
  return { arn, ...(externalId !== undefined && { externalId }) }
}

function isSameRole(one: Role | undefined, other: Role | undefined): boolean {
  return one?.arn === other?.arn && one?.externalId === other?.externalId
}
