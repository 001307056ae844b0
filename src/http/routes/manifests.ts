import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Target } from '../../publish/acceptance.ts'
import type { ManifestPuts } from '../../publish/manifests/put-manifest.ts'
import type { FindManifest } from '../../reads/find-manifest.ts'
import type { Referrers } from '../../reads/referrers.ts'
import type { ManifestHead } from '../../reads/catalog.ts'
import type { Digest } from '../../registry/digest.ts'
import { hasCode, LayergateError } from '../../registry/errors.ts'
import { type Manifest, maxManifestBytes, parseManifest } from '../../registry/manifest.ts'
import { parseReference, parseTag, type Reference, type Tag } from '../../registry/reference.ts'
import type { ByteBudget, TakenBytes } from '../byte-budget.ts'
import { refuseCodings } from '../content-coding.ts'
import { contentLength } from '../incoming-layer.ts'
import type { InFlight } from '../in-flight.ts'
import { type OciAccess, type OciPath, grantFor } from '../oci-request.ts'
import { patienceOf, waitAgain } from '../patience.ts'
import { queryValues } from '../query.ts'
import { welcomeBody } from '../request-body.ts'
import { duringRequest } from '../request-signal.ts'
import { wholeBody } from '../whole-body.ts'

export interface ManifestRoutes extends OciAccess {
  readonly manifestPuts: ManifestPuts
  readonly manifestMemory: ByteBudget
  /** How long a manifest waits for memory, unread. */
  readonly queueWaitMs: number
  readonly manifests: FindManifest
  readonly referrers: Pick<Referrers, 'areListed'>
  readonly idleTimeoutMs: number
  readonly inFlight: InFlight
  /** How long clients with a short patience wait before they are sent to the same place again. */
  readonly redirectAfterMs: number
  /** Aborts when what is under way must end. */
  readonly shutdown: AbortSignal
}

type ManifestPath = OciPath & { readonly reference: string }

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests and #pulling-manifests */
export function manifestRoutes(app: FastifyInstance, ports: ManifestRoutes): void {
  const {
    manifestPuts,
    manifestMemory,
    queueWaitMs,
    manifests,
    referrers,
    inFlight,
    idleTimeoutMs,
    shutdown,
  } = ports

  function areListed(request: FastifyRequest, target: Target, subject: Digest): Promise<boolean> {
    return duringRequest(request, shutdown, (signal) =>
      referrers.areListed(target, subject, signal),
    )
  }

  /** Manifests are kept in memory while they wait; others wait unread. */
  async function takeMemory(request: FastifyRequest, signal: AbortSignal): Promise<TakenBytes> {
    const bytes = Math.min(contentLength(request) ?? maxManifestBytes, maxManifestBytes)
    const patience = AbortSignal.timeout(queueWaitMs)
    try {
      return await manifestMemory.take(bytes, AbortSignal.any([signal, patience]))
    } catch (error) {
      if (error !== patience.reason) throw error
      const detail = 'Too many bytes of manifests wait for their layers.'
      throw new LayergateError('overloaded', detail, { retryAfterSeconds: 10 })
    }
  }

  app.put<{ Params: ManifestPath }>(
    '/v2/:name/manifests/:reference',
    { config: { operation: 'putManifest' } },
    async (request, reply) => {
      const { caller, ...target } = grantFor(ports, request, 'push')
      refuseCodings(request)
      const reference = parseReference(request.params.reference)
      const tags = tagsOf(reference, request)
      const patience = patienceOf(request, ports.redirectAfterMs)
      const { manifest, answer } = await duringRequest(request, shutdown, async (signal) => {
        using memory = await takeMemory(request, signal)
        welcomeBody(request, reply)
        const bytes = await wholeBody(request, maxManifestBytes, tooLarge, idleTimeoutMs, signal)
        memory.shrinkTo(bytes.length)
        const parsed = parseManifest(bytes, request.headers['content-type'])
        if (reference.kind === 'digest') requireDigest(parsed, reference.digest)
        const { canPull } = caller
        const { continues, waitMs, isToRepeat } = patience
        const put = { target, manifest: parsed, tags, requestId: request.id, canPull, isToRepeat }
        return {
          manifest: parsed,
          answer: await manifestPuts.put(
            { ...put, ...(continues && { continues }) },
            waitMs,
            signal,
          ),
        }
      })
      if (answer.state === 'pending') {
        return waitAgain(request, reply, patience, answer.id, inFlight)
      }

      manifests.remember(target, manifest)
      const { subject } = manifest
      // Without it the client keeps the list of referrers itself.
      if (subject && (await areListed(request, target, subject))) {
        reply.header('oci-subject', subject)
      }
      if (reference.kind === 'digest' && tags.length > 0) reply.header('oci-tag', tags.join(', '))
      return reply
        .code(201)
        .header('location', `/v2/${target.repository}/manifests/${manifest.digest}`)
        .header('docker-content-digest', manifest.digest)
        .send()
    },
  )

  app.head<{ Params: ManifestPath }>(
    '/v2/:name/manifests/:reference',
    { config: { operation: 'headManifest' } },
    async (request, reply) => {
      const grant = grantFor(ports, request, 'pull')
      const reference = wantedReference(request.params)
      const head = await duringRequest(request, shutdown, (signal) =>
        manifests.headManifest(grant, reference, signal),
      )
      if (!head) throw unknown(request.params)
      return describe(reply, head).header('content-length', head.sizeBytes).send()
    },
  )

  app.get<{ Params: ManifestPath }>(
    '/v2/:name/manifests/:reference',
    { config: { operation: 'getManifest' } },
    async (request, reply) => {
      const grant = grantFor(ports, request, 'pull')
      const reference = wantedReference(request.params)
      const manifest = await duringRequest(request, shutdown, (signal) =>
        manifests.getManifest(grant, reference, signal),
      )
      if (!manifest) throw unknown(request.params)
      return describe(reply, manifest).send(manifest.bytes)
    },
  )
}

/** Those of the query belong to a push by digest (distribution-spec, main of 2026-07, "Pushing Manifests"). */
function tagsOf(reference: Reference, request: FastifyRequest): readonly Tag[] {
  if (reference.kind === 'tag') return [reference.tag]
  return [...new Set(queryValues(request, 'tag').map(parseTag))]
}

function requireDigest({ digest, bytes }: Manifest, expected: string): void {
  if (digest === expected) return
  throw new LayergateError(
    'digest_mismatch',
    `Expected ${expected}, but the manifest that came has ${digest}.`,
    { expected: { digest: expected }, actual: { digest, sizeBytes: bytes.length } },
  )
}

/** What no tag can be called is not there. */
function wantedReference({ name, reference }: ManifestPath): Reference {
  try {
    return parseReference(reference)
  } catch (error) {
    if (hasCode(error, 'tag_invalid')) {
      throw unknown({ name, reference })
    }
    throw error
  }
}

function describe(reply: FastifyReply, { digest, mediaType }: ManifestHead): FastifyReply {
  return reply.type(mediaType).header('docker-content-digest', digest)
}

function unknown({ name, reference }: ManifestPath): LayergateError {
  return new LayergateError('manifest_unknown', `${name} has no manifest ${reference}.`)
}

function tooLarge(): LayergateError {
  return new LayergateError('manifest_too_large', `The limit is ${maxManifestBytes} bytes.`, {
    expected: { sizeBytes: maxManifestBytes },
  })
}
