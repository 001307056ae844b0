import { env, stderr } from 'node:process'
import { settings } from '../../config/settings.ts'
import type { Observer } from '../../registry/events.ts'
import { createAudit } from '../../telemetry/audit/audit.ts'
import { openAuditFile } from '../../telemetry/audit/audit-file.ts'
import { ForwardsError } from './forwards-error.ts'

/** Where orders are told of in the place of a service that does not run. */
export interface OrderAudit extends AsyncDisposable {
  readonly observer: Observer
}

/** For who asks and orders nothing. */
export const noAudit: OrderAudit = {
  observer: { observe: () => undefined },
  [Symbol.asyncDispose]: async () => undefined,
}

/**
 * The audit file, where one is set; nothing otherwise: who gave the order reads the answer.
 *
 * @throws ForwardsError when the file cannot be opened, so that nothing is done that would not be told of
 */
export async function openOrderAudit(now: () => Date): Promise<OrderAudit> {
  const { name } = settings.auditFile
  const path = env[name]
  if (!path) return noAudit
  try {
    const file = await openAuditFile(path, (problem) => void stderr.write(`${problem}\n`))
    return { observer: createAudit({ write: file.write, now }), [Symbol.asyncDispose]: file.close }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ForwardsError(`The audit file cannot be opened: ${why}. See ${name}.`, {
      cause: error,
    })
  }
}
