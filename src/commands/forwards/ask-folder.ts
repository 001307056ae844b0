import { stderr } from 'node:process'
import { buildControlApp } from '../../http/control-app.ts'
import { openEmbeddedStorage } from '../../storage/embedded.ts'
import { createLogger } from '../../telemetry/logger.ts'
import { noAudit, openOrderAudit } from './order-audit.ts'
import type { Question, Reply } from './question.ts'

const now = () => new Date()

/**
 * Asks the folder itself, as its service would. It is held meanwhile, and given free again.
 *
 * @throws Error when another process holds the folder, or it cannot be read
 * @throws ForwardsError when the audit file, which an order needs, cannot be opened
 */
export async function askFolder(dataDir: string, { method, path, body }: Question): Promise<Reply> {
  const logger = createLogger('warn', { write: (line) => void stderr.write(line) })
  const storage = await openEmbeddedStorage({
    dataDir,
    lockWaitMs: 0,
    log: (message, fields) => logger.warn(fields, message),
    onFailure: (error) => logger.error({ err: error }, 'the journal failed'),
  })
  try {
    await using audit = method === 'GET' ? noAudit : await openOrderAudit(now)
    const { observer } = audit
    const app = buildControlApp({ journal: storage.forwards, observer, logger, now })
    const answer = await app.inject({ method, url: path, ...(body && { payload: body }) })
    await app.close()
    return { status: answer.statusCode, text: answer.payload }
  } finally {
    await storage.close()
  }
}
