import { type Account, type AccountParts, createAccount } from './account.ts'
import { openJournal } from './journal.ts'
import { createRegistry } from './registry.ts'
import type { Repositories } from './repositories.ts'

/** A registry beside the sandbox's own. */
export interface SandboxRegistry {
  /** The account, 12 digits. */
  readonly registryId: string
  /** Default: `sandbox-` and the account. */
  readonly alias?: string
  /** Repositories that exist from the start. */
  readonly repositories?: readonly string[]
}

export interface Accounts {
  /** The account that is there already, or a new one with an empty registry. */
  readonly open: (registry: SandboxRegistry) => Account
  /** By account id or alias. */
  readonly find: (registryId: string) => Account | undefined
  /** Undefined where there is no such registry, or no such repository in it. */
  readonly lookUp: Repositories['lookUp']
}

/** With `dataDir`, the first account to be opened has the journal there, every other one a journal under its id. */
export function createAccounts(dataDir: string | undefined, parts: AccountParts): Accounts {
  const accounts: Account[] = []

  const find = (registryId: string): Account | undefined =>
    accounts.find(({ registry }) => registry.isOwn(registryId))

  const create = ({ registryId, alias = `sandbox-${registryId}` }: SandboxRegistry): Account => {
    const name = accounts.length === 0 ? 'journal.jsonl' : `journal-${registryId}.jsonl`
    const registry = createRegistry(registryId, alias)
    const account = createAccount(registry, openJournal(dataDir, name), parts)
    accounts.push(account)
    return account
  }

  return {
    find,
    open: (registry) => {
      const account = find(registry.registryId) ?? create(registry)
      for (const name of registry.repositories ?? []) account.controls.ensureRepository(name)
      return account
    },
    lookUp: ({ registryId, ...named }) =>
      registryId === undefined ? undefined : find(registryId)?.repositories.lookUp(named),
  }
}
