import type { FastifyReply, FastifyRequest } from 'fastify'
import { missing } from '../access/credentials/authorization-header.ts'
import type { TradeRequest } from '../access/trade.ts'
import { LayergateError } from '../registry/errors.ts'
import { refuseCodings } from './content-coding.ts'
import { welcomeBody } from './request-body.ts'
import { wholeBody } from './whole-body.ts'

const maxBytes = 64 * 1024
const mediaType = 'application/x-www-form-urlencoded'

/**
 * The form of a POST to `/token`.
 *
 * @throws LayergateError `content_type_unsupported`, `content_encoding_unsupported`, `body_too_large`, `idle_timeout`, `client_aborted`,
 * `request_invalid`
 */
export async function readForm(
  request: FastifyRequest,
  reply: FastifyReply,
  idleTimeoutMs: number,
  signal: AbortSignal,
): Promise<URLSearchParams> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';')
  if (type.trim().toLowerCase() !== mediaType) {
    throw new LayergateError('content_type_unsupported', `The body must be ${mediaType}.`)
  }
  refuseCodings(request)
  welcomeBody(request, reply)
  const tooLarge = () =>
    new LayergateError('body_too_large', `The form is larger than ${maxBytes} bytes.`)
  const body = await wholeBody(request, maxBytes, tooLarge, idleTimeoutMs, signal)
  const form = new URLSearchParams(body.toString('utf8'))
  for (const name of new Set(form.keys())) {
    if (name !== 'scope' && form.getAll(name).length > 1) throw repeated(name)
  }
  return form
}

/** @throws LayergateError `request_invalid` for a grant type that is not known */
export function givenInForm(
  form: URLSearchParams,
): Pick<TradeRequest, 'token' | 'scopes' | 'refresh'> {
  const scopes = form.getAll('scope')
  switch (form.get('grant_type') ?? '') {
    case 'password': {
      const isOffline = form.get('access_type') === 'offline'
      return {
        scopes,
        token: () => theValue(form, 'password'),
        ...(isOffline && { refresh: 'new' }),
      }
    }
    case 'refresh_token':
      return { scopes, token: () => theValue(form, 'refresh_token'), refresh: 'same' }
    default:
      throw new LayergateError(
        'request_invalid',
        'The grant_type must be password or refresh_token.',
      )
  }
}

function theValue(form: URLSearchParams, name: 'password' | 'refresh_token'): string {
  const value = form.get(name)
  if (value === null || value === '') throw missing()
  return value
}

function repeated(name: string): LayergateError {
  const shown = JSON.stringify(name.slice(0, 40))
  return new LayergateError('request_invalid', `${shown} was given more than once.`)
}
