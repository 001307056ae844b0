import assert from 'node:assert/strict'
import type { Digest } from '../../src/registry/digest.ts'
import { digestOf } from './layers.ts'

export type OciBody = Uint8Array | AsyncIterable<Uint8Array>

export interface OciRequest {
  readonly headers?: Readonly<Record<string, string>>
  /** Bytes go with their length; a stream goes in chunks, without one. */
  readonly body?: OciBody
}

export interface OciAnswer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
}

/** What a container client does with one repository, request by request, over real sockets. Redirects are not followed. */
export interface OciClient {
  /** Of the whole path. */
  send(method: string, path: string, request?: OciRequest): Promise<OciAnswer>
  /** POST that starts an upload, or whatever else `query` makes of it. */
  post(query?: string, request?: OciRequest): Promise<OciAnswer>
  /** Starts an upload, and says where it goes on. */
  begin(): Promise<string>
  patch(location: string, body: OciBody, headers?: OciRequest['headers']): Promise<OciAnswer>
  /** Without a body, the one that ends an upload. */
  put(location: string, digest: string, request?: OciRequest): Promise<OciAnswer>
  /** A blob by POST and PUT, which must be good. */
  push(bytes: Uint8Array): Promise<Digest>
  blob(method: 'HEAD' | 'GET' | 'DELETE', digest: string, request?: OciRequest): Promise<OciAnswer>
  putManifest(reference: string, manifest: SentManifest, query?: string): Promise<OciAnswer>
  manifest(method: 'HEAD' | 'GET' | 'DELETE', reference: string): Promise<OciAnswer>
}

export interface SentManifest {
  readonly bytes: Uint8Array
  readonly mediaType: string
}

export interface OciClientOptions {
  /** Default `team/app`. */
  readonly repository?: string
  /** Of every request. */
  readonly headers?: OciRequest['headers']
}

/** @param url of the service */
export function ociClient(
  url: string,
  { repository = 'team/app', headers: always = {} }: OciClientOptions = {},
): OciClient {
  const root = `/v2/${repository}`
  const octets = { 'content-type': 'application/octet-stream' }

  const client: OciClient = {
    async send(method, path, { headers = {}, body } = {}) {
      const answer = await fetch(new URL(path, url), {
        method,
        headers: { ...always, ...headers },
        redirect: 'manual',
        ...(body && { body, duplex: 'half' as const }),
      })
      const bytes = Buffer.from(await answer.arrayBuffer())
      return { status: answer.status, headers: answer.headers, bytes }
    },

    post: (query = '', request = {}) =>
      client.send('POST', `${root}/blobs/uploads/${query}`, request),
    begin: async () => locationOf(await client.post(), 202),

    patch: (location, body, headers = {}) =>
      client.send('PATCH', location, { body, headers: { ...octets, ...headers } }),

    put(location, digest, { headers = {}, body } = {}) {
      const request = { headers: { ...octets, ...headers }, ...(body && { body }) }
      return client.send('PUT', `${location}?digest=${encodeURIComponent(digest)}`, request)
    },

    async push(bytes) {
      const digest = digestOf(bytes)
      locationOf(await client.put(await client.begin(), digest, { body: bytes }), 201)
      return digest
    },

    blob: (method, digest, request = {}) => client.send(method, `${root}/blobs/${digest}`, request),

    putManifest: (reference, { bytes, mediaType }, query = '') =>
      client.send('PUT', `${root}/manifests/${reference}${query}`, {
        headers: { 'content-type': mediaType },
        body: bytes,
      }),

    manifest: (method, reference) => client.send(method, `${root}/manifests/${reference}`),
  }
  return client
}

/** Where an answer that must have this status sends the client. */
export function locationOf({ status, headers, bytes }: OciAnswer, expectedStatus: number): string {
  assert.equal(status, expectedStatus, bytes.toString())
  return headers.get('location') ?? assert.fail('The answer has no Location.')
}

/** The one error of an answer in the form of the distribution specification. */
export function ociErrorOf({ headers, bytes }: OciAnswer) {
  assert.equal(headers.get('content-type'), 'application/json')
  const { errors } = JSON.parse(bytes.toString())
  assert.equal(errors.length, 1)
  const { code, message, detail } = errors[0]
  assert.ok(typeof code === 'string' && typeof message === 'string')
  return { code, message, detail }
}

/** Holds a failure against its status, the code of the specification, and ours. */
export function assertRefused(
  answer: OciAnswer,
  status: number,
  code: string,
  ourCode?: string,
): void {
  assert.equal(answer.status, status, answer.bytes.toString())
  const error = ociErrorOf(answer)
  assert.equal(error.code, code)
  assert.ok(error.message.length > 0)
  if (ourCode !== undefined) assert.equal(error.detail.code, ourCode)
}
