import type { FastifyInstance } from 'fastify'

export interface SystemRoutes {
  readonly readiness: () => Promise<Readiness>
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
  readonly openapi: string
}

export interface Readiness {
  /** Why no push can be taken; absent when one can. */
  readonly notReady?: 'journal_failed' | 'shutting_down'
  /** What works worse than it should, without making the service unready. */
  readonly degraded: readonly string[]
}

/** For whoever asks: they say nothing of anybody. */
export function healthRoutes(app: FastifyInstance, ports: Omit<SystemRoutes, 'metrics'>): void {
  app.get('/healthz', { config: { operation: 'getHealth' } }, async () => ({ status: 'ok' }))

  app.get('/readyz', { config: { operation: 'getReadiness' } }, async (_request, reply) => {
    const { notReady, degraded } = await ports.readiness()
    if (notReady === undefined) return { status: 'ready', degraded }
    return reply.code(503).send({ status: 'not_ready', reason: notReady, degraded })
  })

  app.get('/openapi.yaml', { config: { operation: 'getOpenapi' } }, async (_request, reply) =>
    reply.type('application/yaml').send(ports.openapi),
  )
}

/** They name repositories and agents. */
export function metricsRoutes(app: FastifyInstance, ports: Pick<SystemRoutes, 'metrics'>): void {
  app.get('/metrics', { config: { operation: 'getMetrics' } }, async (_request, reply) => {
    const { contentType, text } = await ports.metrics()
    return reply.type(contentType).send(text)
  })
}
