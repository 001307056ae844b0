import { readFile } from 'node:fs/promises'
import { loadConfig } from '../../../../src/config/config.ts'
import { createLogger } from '../../../../src/telemetry/logger.ts'
import { type Service, wire } from '../../../../src/wiring.ts'
import type { Parts } from '../../../../src/wiring-parts.ts'

export interface ServedFolder extends AsyncDisposable {
  readonly service: Service
  readonly url: string
  /** Warnings, one JSON object a line. */
  logs(): readonly string[]
}

const fast = '10000'

/** A whole service of this process over a data folder that may hold what another one left. */
export async function serveFolder(
  dataDir: string,
  sandboxUrl: string,
  { files, around }: Pick<Parts, 'files' | 'around'> = {},
): Promise<ServedFolder> {
  const lines: string[] = []
  const service = await wire({
    config: loadConfig({
      LAYERGATE_UPSTREAM: 'sandbox',
      LAYERGATE_UPSTREAM_ENDPOINT: sandboxUrl,
      LAYERGATE_DATA_DIR: dataDir,
      LAYERGATE_SPOOL_MAX: '1GiB',
      LAYERGATE_RATE_BATCH_CHECK_LAYER_AVAILABILITY: fast,
      LAYERGATE_RATE_INITIATE_LAYER_UPLOAD: fast,
      LAYERGATE_RATE_COMPLETE_LAYER_UPLOAD: fast,
      LAYERGATE_RATE_PUT_IMAGE: fast,
    }),
    logger: createLogger('warn', { write: (line) => void lines.push(line) }),
    version: 'test',
    openapi: await readFile(new URL('../../../../openapi.yaml', import.meta.url), 'utf8'),
    withProcessMetrics: false,
    timing: { postponeMs: 50, parkMs: 50 },
    ...(files && { files }),
    ...(around && { around }),
  })
  const url = await service.app.listen({ host: '127.0.0.1', port: 0 })
  service.startWork()
  return {
    service,
    url,
    logs: () => lines,
    [Symbol.asyncDispose]: () => service.close(),
  }
}
