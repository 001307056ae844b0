import { LayergateError } from '../../registry/errors.ts'
import { asLayergateError } from '../forward-failure.ts'
import type { UpstreamError } from '../upstream-error.ts'

const retryAfterSeconds = 30

/** Too many layers, for example: what AWS calls an invalid parameter is the manifest (PutImage has no other of the client's). */
export function refused(error: UpstreamError): LayergateError {
  const { code, message, facts } = asLayergateError(error)
  const isManifest = error.facts.exception === 'InvalidParameterException'
  return new LayergateError(isManifest ? 'manifest_invalid' : code, message, facts)
}

/** The wait was over, with or without `trouble` upstream until then. */
export function tooLong(waitedMs: number, trouble: UpstreamError | undefined): LayergateError {
  const seconds = Math.round(waitedMs / 1000)
  const detail = trouble
    ? `ECR Public was in trouble until ${seconds} s were over: ${asLayergateError(trouble).message}`
    : `ECR Public still lacks layers of this image after ${seconds} s.`
  return new LayergateError('layers_pending', detail, { retryAfterSeconds })
}
