import type { Config } from './config/config.ts'
import type { Logger } from 'pino'
import { sweepExpired, type SweepPorts } from './ingest/sweep.ts'
import { createSweeper, type Sweeper } from './ingest/sweeper.ts'
import { type ExpireHeldPorts, expireHeld } from './publish/expire-held.ts'
import type { Ports } from './wiring-parts.ts'

/** How long it is known here that a layer was forwarded, what was found in it, and what was refused. */
const rememberMs = 30 * 24 * 3_600_000
const maxRefusals = 100_000

export type SweepsPorts = SweepPorts &
  ExpireHeldPorts &
  Pick<Ports, 'forwards' | 'findings' | 'refusals'>

/** Everything that is removed when its time is over. */
export function createSweeps(
  ports: SweepsPorts,
  { ingest, publish }: Pick<Config, 'ingest' | 'publish'>,
  logger: Logger,
): Sweeper {
  const { forwards, findings, refusals, now } = ports
  const longAgo = () => new Date(now().getTime() - rememberMs)

  async function sweepUploads(): Promise<void> {
    const uploads = await sweepExpired(ports, ingest.uploadTtlMs)
    if (uploads > 0) logger.info({ uploads }, 'removed uploads that nobody went on with')
  }

  async function sweepHeld(): Promise<void> {
    const blobs = await expireHeld(ports, publish.forwardTtlMs)
    if (blobs > 0)
      logger.info({ blobs }, 'removed blobs that were held, and that no manifest named')
  }

  return createSweeper(
    [
      sweepUploads,
      sweepHeld,
      async () => void (await forwards.prune(longAgo())),
      async () => void (await findings.prune(longAgo())),
      async () => void (await refusals.prune(longAgo(), maxRefusals)),
    ],
    (error) => logger.error({ err: error }, 'what has expired could not be removed'),
  )
}
