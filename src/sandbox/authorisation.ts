import type { Accounts } from './accounts.ts'
import { type ApiException, exception } from './exceptions.ts'
import type { Caller } from './identities.ts'
import { isOperationName, unsupportedOperations } from './inputs.ts'
import { allows, notAuthorised } from './permissions.ts'

/** What stands in a request body, which may be anything, of the resource that is meant. */
interface Named {
  readonly registryId?: unknown
  readonly repositoryName?: unknown
  readonly repositoryNames?: unknown
}

// Service Authorization Reference, "Amazon Elastic Container Registry Public": actions and their resource types. That a login wants
// a second action, and is refused in this sentence: fluxcd/pkg#938.
const furtherActions: Readonly<Record<string, readonly string[]>> = {
  GetAuthorizationToken: ['sts:GetServiceBearerToken'],
}
const withoutResource = new Set(['GetAuthorizationToken'])
const onRegistry = new Set([
  'DescribeRegistries',
  'GetRegistryCatalogData',
  'PutRegistryCatalogData',
])

/**
 * Whether the caller may do this, before the input is looked at any closer. Repositories of other accounts are nobody's: the
 * sandbox has no repository policies.
 * @throws ApiException AccessDeniedException
 */
export function authorise(
  { arn, accountId, permissions }: Caller,
  operation: string,
  json: unknown,
  accounts: Accounts,
): void {
  if (!isOperationName(operation) && !unsupportedOperations.has(operation)) return
  const { registryId, ...named }: Named = Object(json)
  const meant = typeof registryId === 'string' ? accounts.find(registryId) : undefined
  const owner = meant?.registry.accountId ?? accountId
  const resource = resourceOf(operation, owner, named)
  const ownAction = `ecr-public:${operation}`
  const denied = [ownAction, ...(furtherActions[operation] ?? [])].find(
    (action) => !allows(permissions, action),
  )
  if (denied !== undefined) throw refusal(arn, denied, resource, 'identity-based')
  if (owner !== accountId) throw refusal(arn, ownAction, resource, 'resource-based')
}

const refusal = (arn: string, action: string, resource: string, policy: string): ApiException =>
  exception(
    'AccessDeniedException',
    `${notAuthorised(arn, action, resource)} because no ${policy} policy allows the ${action} action`,
  )

function resourceOf(
  operation: string,
  accountId: string,
  { repositoryName, repositoryNames }: Omit<Named, 'registryId'>,
): string {
  if (withoutResource.has(operation)) return '*'
  if (onRegistry.has(operation)) return `arn:aws:ecr-public::${accountId}:registry/${accountId}`
  const first: unknown = Array.isArray(repositoryNames) ? repositoryNames[0] : repositoryName
  return `arn:aws:ecr-public::${accountId}:repository/${typeof first === 'string' ? first : '*'}`
}
