import { LayergateError } from '../../registry/errors.ts'

/** Node itself takes no more of all headers together by default. */
const maxLength = 16 * 1024
const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The token in a header `Authorization`: `Bearer` and the token, or `Basic` with the token as its password
 * (https://www.rfc-editor.org/rfc/rfc6750#section-2.1, https://www.rfc-editor.org/rfc/rfc7617#section-2). The user name says nothing.
 *
 * @param authorization as Node has it: one character a byte
 * @throws LayergateError `credentials_missing` where there is no token, `credentials_invalid` where there is something else
 */
export function tokenIn(authorization: string | undefined): string {
  if (authorization === undefined || authorization === '') throw missing()
  if (authorization.length > maxLength) throw malformed(`is longer than ${maxLength} bytes`)
  const [, scheme = '', rest = ''] = /^([A-Za-z]+)(?: +(.*))?$/s.exec(authorization) ?? []
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return bearerToken(rest)
    case 'basic':
      return password(rest)
    default:
      throw malformed('is neither Bearer nor Basic')
  }
}

export function missing(): LayergateError {
  return new LayergateError('credentials_missing', 'The request says nothing of who sent it.')
}

function bearerToken(text: string): string {
  if (text === '') throw missing()
  if (!/^[\x21-\x7e\x80-\xff]+$/.test(text)) throw malformed('is no single token')
  return decoded(Buffer.from(text, 'latin1'))
}

function password(text: string): string {
  const bytes = Buffer.from(text, 'base64')
  const unpadded = text.replace(/={1,2}$/, '')
  if (bytes.toString('base64').replace(/=+$/, '') !== unpadded) throw malformed('is no base64')
  const pair = decoded(bytes)
  const colon = pair.indexOf(':')
  if (pair !== '' && colon < 0) throw malformed('has no colon after the user name')
  const token = pair.slice(colon + 1)
  if (token === '') throw missing()
  return token
}

/** The hashes in the policy are those of UTF-8. */
function decoded(bytes: Buffer): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw malformed('is no UTF-8')
  }
}

function malformed(how: string): LayergateError {
  return new LayergateError('credentials_invalid', `The Authorization header ${how}.`)
}
