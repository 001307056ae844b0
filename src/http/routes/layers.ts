import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { TakeLayer } from '../../ingest/layer-intake.ts'
import { forwardKey } from '../../publish/acceptance.ts'
import { isParked } from '../../publish/forward-journal.ts'
import type { FindLayer } from '../../reads/find-layer.ts'
import { parseDigest } from '../../registry/digest.ts'
import { LayergateError } from '../../registry/errors.ts'
import type { Observer } from '../../registry/events.ts'
import { formLayer } from '../form-layer.ts'
import { authorise } from '../grants.ts'
import { refuseCodings } from '../content-coding.ts'
import { rawLayer } from '../incoming-layer.ts'
import { layerLocation, renderLayer, renderLayerState } from '../layer-view.ts'
import { waitPreference } from '../prefer.ts'
import { queryValues, theRepository } from '../query.ts'
import { type RecipientPorts, recipientOf } from '../recipient.ts'
import { welcomeBody } from '../request-body.ts'
import { requestSignal } from '../request-signal.ts'

export interface LayerRoutes extends RecipientPorts {
  readonly observer: Observer
  readonly takeLayer: TakeLayer
  readonly findLayer: FindLayer
  readonly idleTimeoutMs: number
  /** Aborts when what is under way must end. */
  readonly shutdown: AbortSignal
}

export function layerRoutes(app: FastifyInstance, ports: LayerRoutes): void {
  const { observer, takeLayer, acceptance, findLayer } = ports

  app.post('/v1/layers', { config: { operation: 'uploadLayer' } }, async (request, reply) => {
    refuseCodings(request)
    refuseOtherForms(request)
    const preference = waitPreference(request.headers['prefer'])
    using scope = requestSignal(request, ports.shutdown)
    const { signal } = scope

    if (request.isMultipart()) welcomeBody(request, reply)
    const incoming = request.isMultipart()
      ? await formLayer(request, ports.idleTimeoutMs, signal)
      : rawLayer(request)
    const grant = authorise(observer, request, 'push', incoming.repository)

    const announcement = { ...incoming, agent: grant.agent, requestId: request.id }
    const recorded = await takeLayer(announcement, signal, async (intake) => {
      welcomeBody(request, reply)
      const received = await intake.receive(incoming.body).catch((error: unknown) => {
        throw incoming.explain(error)
      })
      const recipient = recipientOf(ports, 'layer', grant, request.caller, signal)
      return intake.finish(received, await incoming.rest(), recipient)
    })

    const forward = await acceptance.settled(recorded, preference.waitMs, signal)
    if (isParked(forward) && forward.error) {
      throw new LayergateError(forward.error.code, forward.error.detail)
    }
    if (preference.applied) reply.header('preference-applied', preference.applied)
    reply.header('location', layerLocation(forward.key))
    if (forward.state !== 'forwarded') {
      reply.code(202)
      return renderLayerState(forward)
    }
    reply.code(201)
    return renderLayer(forward)
  })

  app.get<{ Params: { digest: string } }>(
    '/v1/layers/:digest',
    { config: { operation: 'getLayer' } },
    async (request) => {
      const digest = parseDigest(request.params.digest)
      const repository = theRepository(queryValues(request, 'repository'))
      const grant = authorise(observer, request, 'pull', repository)
      const key = forwardKey(grant, digest)
      const view = await findLayer(key)
      if (view.state === 'known') return renderLayerState(view.forward)
      if (view.state === 'receiving') {
        return { repository: key.repository, digest, state: 'receiving' }
      }
      throw new LayergateError(
        'layer_unknown',
        `${digest} was not pushed to ${key.repository} here.`,
      )
    },
  )
}

/** @throws LayergateError `content_type_unsupported` */
function refuseOtherForms({ headers }: FastifyRequest): void {
  const type = headers['content-type']?.trim().toLowerCase() ?? ''
  if (type.startsWith('multipart/') && !type.startsWith('multipart/form-data')) {
    throw new LayergateError('content_type_unsupported', `${type} is no form.`)
  }
}
