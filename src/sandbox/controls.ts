import type { Accounts } from './accounts.ts'
import type { CallLog, CallRecord } from './call-log.ts'
import { exception } from './exceptions.ts'
import type { FaultRule, Faults } from './faults.ts'
import type { Identities } from './identities.ts'
import type { Permissions } from './permissions.ts'
import type { RegistryControls } from './registry-controls.ts'
import type { Roles, SandboxRole } from './roles.ts'
import type { SwitchBoard, Switches } from './switches.ts'

/**
 * What a test does to the sandbox and sees of it, beside the API; `control-routes.ts` has the same over HTTP. What is about a
 * registry is about the sandbox's own.
 */
export interface Controls extends RegistryControls {
  calls(): readonly CallRecord[]
  clearCalls(): void
  /** The faults that still have calls to come. */
  faults(): ReturnType<Faults['list']>
  addFault(rule: FaultRule): void
  addFaults(rules: readonly FaultRule[]): void
  clearFaults(): void
  switches(): Switches
  setSwitches(changes: Partial<Switches>): void
  roles(): readonly SandboxRole[]
  /** Makes a role, or changes it: sessions that it has go on, with the new permissions. @throws ShapeError */
  putRole(role: SandboxRole): void
  /** Ends its sessions: their credentials are unknown from the next call on. */
  removeRole(arn: string): void
  /** Of an access key that was there from the start; undefined allows everything. @throws ApiException for another key */
  setPermissions(accessKeyId: string, permissions: Permissions): void
  /** Of another account, by its id or alias. @throws ApiException RegistryNotFoundException */
  registry(registryId: string): RegistryControls
}

export interface ControlParts {
  readonly calls: CallLog
  readonly faults: Faults
  readonly switches: SwitchBoard
  readonly roles: Roles
  readonly identities: Identities
  readonly accounts: Accounts
  readonly own: RegistryControls
}

export function createControls(parts: ControlParts): Controls {
  const { calls, faults, switches, roles, identities, accounts, own } = parts

  return {
    ...own,
    calls: calls.list,
    clearCalls: calls.clear,
    faults: faults.list,
    addFault: (rule) => faults.add(rule),
    addFaults: (rules) => faults.add(...rules),
    clearFaults: faults.clear,
    switches: switches.now,
    setSwitches: switches.set,
    roles: roles.list,
    putRole: (role) => {
      const { accountId, registryId = accountId } = roles.put(role)
      accounts.open({ registryId })
    },
    removeRole: roles.remove,
    setPermissions: (accessKeyId, permissions) => {
      if (identities.setPermissions(accessKeyId, permissions)) return
      throw exception('InvalidParameterException', `There is no access key '${accessKeyId}'`)
    },
    registry: (registryId) => {
      const account = accounts.find(registryId)
      if (account) return account.controls
      throw exception(
        'RegistryNotFoundException',
        `The registry with id '${registryId}' does not exist`,
      )
    },
  }
}
