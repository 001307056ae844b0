import type { Policy } from '../../access/policy/policy.ts'
import { parsePolicy } from '../../access/policy/parse-policy.ts'
import { readPolicyFile } from '../../access/policy/read-policy-file.ts'
import type { Config } from '../../config/config.ts'
import { settings } from '../../config/settings.ts'
import { UsageError } from '../usage-error.ts'

/** @throws PolicyError; UsageError when the file cannot be read */
export async function loadPolicy({ access, upstream }: Config): Promise<Policy | undefined> {
  const { policyFile } = access
  if (policyFile === undefined) return undefined
  const { text, problem } = await readPolicyFile(policyFile)
  if (problem !== undefined) {
    throw new UsageError(
      `The policy ${policyFile} cannot be used: ${problem} See ${settings.policy.name}.`,
    )
  }
  const { kind, registryId } = upstream
  return parsePolicy(text, { kind, ...(registryId !== undefined && { registryId }) })
}
