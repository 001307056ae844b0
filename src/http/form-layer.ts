import type { MultipartFile, MultipartValue } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { LayergateError } from '../registry/errors.ts'
import { contentLength, type IncomingLayer } from './incoming-layer.ts'
import { queryValues, theDigest, theRepository } from './query.ts'

type Part = MultipartFile | MultipartValue

/** Bounds on what comes beside the layer; `@fastify/multipart` is registered with them. */
export const formLimits = {
  fields: 8,
  fieldNameSize: 100,
  fieldSize: 4096,
  headerPairs: 32,
  files: 2,
  parts: 10,
  fileSize: Number.POSITIVE_INFINITY,
}

/**
 * Reads a form up to its file part. The repository must be known by then, since the request is authorised before the
 * layer is read; the digest may also come after it.
 *
 * @throws LayergateError `form_invalid`, `layer_part_missing`, `layer_part_repeated`, `idle_timeout`,
 *   `client_aborted`, and those of the parameters
 */
export async function formLayer(
  request: FastifyRequest,
  idleTimeoutMs: number,
  signal: AbortSignal,
): Promise<IncomingLayer> {
  const parts = readParts(request, idleTimeoutMs, signal)
  const fields = {
    repository: queryValues(request, 'repository'),
    digest: queryValues(request, 'digest'),
  }
  const file = await nextFile(parts, fields)
  if (!file) throw new LayergateError('layer_part_missing', 'The form ended without a file part.')
  if (file.fieldname !== 'layer') {
    const detail = `The file part is named ${JSON.stringify(file.fieldname)}.`
    throw new LayergateError('layer_part_missing', detail)
  }
  const repository = theRepository(fields.repository)
  const [announced] = fields.digest
  const atMostBytes = contentLength(request)
  return {
    entry: 'multipart',
    repository,
    ...(announced !== undefined && { expected: theDigest(fields.digest) }),
    ...(atMostBytes !== undefined && { atMostBytes }),
    body: file.file,
    explain: (error) => formError(request, error),
    async rest() {
      if (await nextFile(parts, fields)) {
        throw new LayergateError('layer_part_repeated', 'A second file part followed the layer.')
      }
      theRepository(fields.repository)
      return theDigest(fields.digest)
    },
  }
}

interface Fields {
  repository: readonly string[]
  digest: readonly string[]
}

/** Collects fields until a file part comes; `undefined` when the form ends first. */
async function nextFile(
  parts: AsyncIterator<Part>,
  fields: Fields,
): Promise<MultipartFile | undefined> {
  for (;;) {
    const { done, value: part } = await parts.next()
    if (done) return undefined
    if (part.type === 'file') return part
    if (part.valueTruncated) {
      const detail = `The field ${JSON.stringify(part.fieldname)} is longer than ${formLimits.fieldSize} bytes.`
      throw new LayergateError('form_invalid', detail)
    }
    if (part.fieldname === 'repository' || part.fieldname === 'digest') {
      fields[part.fieldname] = [...fields[part.fieldname], String(part.value)]
    }
  }
}

/** The parts of the form, with the parser's failures in our words and an end to the waiting for each. */
async function* readParts(
  request: FastifyRequest,
  idleTimeoutMs: number,
  signal: AbortSignal,
): AsyncGenerator<Part> {
  try {
    const parts = request.parts()[Symbol.asyncIterator]()
    for (;;) {
      const { done, value } = await whileBytesCome(request, idleTimeoutMs, signal, parts.next())
      if (done) return
      yield value
    }
  } catch (error) {
    throw formError(request, error)
  }
}

/** @throws LayergateError `idle_timeout` when no byte of the request comes for too long; the reason of `signal` */
async function whileBytesCome<T>(
  { raw }: FastifyRequest,
  idleTimeoutMs: number,
  signal: AbortSignal,
  work: Promise<T>,
): Promise<T> {
  const ending = Promise.withResolvers<never>()
  const onIdle = () => {
    const detail = `Nothing of the form came for ${idleTimeoutMs / 1000} s.`
    ending.reject(new LayergateError('idle_timeout', detail))
  }
  const onAbort = () => ending.reject(signal.reason)
  const timer = setTimeout(onIdle, idleTimeoutMs)
  const onData = () => timer.refresh()
  raw.on('data', onData)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([work, ending.promise])
  } finally {
    clearTimeout(timer)
    raw.off('data', onData)
    signal.removeEventListener('abort', onAbort)
  }
}

/** busboy's errors carry no code, and a cut-off form would pass for a fault of ours. */
function formError(request: FastifyRequest, error: unknown): LayergateError {
  if (error instanceof LayergateError) return error
  if (request.raw.destroyed && !request.raw.complete) {
    const detail = 'The connection ended within the form.'
    return new LayergateError('client_aborted', detail, { cause: error })
  }
  const why = error instanceof Error ? error.message : String(error)
  return new LayergateError('form_invalid', `The form cannot be read: ${why}.`, { cause: error })
}
