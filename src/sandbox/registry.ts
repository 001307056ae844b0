import { exception } from './exceptions.ts'

/** An account's registry. */
export interface Registry {
  readonly accountId: string
  readonly alias: string
  /** The push calls: account id or alias, the caller's own when absent. @throws RegistryNotFoundException */
  require(registryId: string | undefined): void
  /** Does an operation that knows no RegistryNotFoundException mean this registry? */
  isOwn(registryId: string | undefined): boolean
}

export function createRegistry(accountId: string, alias: string): Registry {
  const isOwn = (registryId: string | undefined): boolean =>
    registryId === undefined || registryId === accountId || registryId === alias
  return {
    accountId,
    alias,
    isOwn,
    require(registryId) {
      if (isOwn(registryId)) return
      throw exception(
        'RegistryNotFoundException',
        `The registry with id '${registryId}' does not exist`,
      )
    },
  }
}
