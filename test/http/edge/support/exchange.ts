import assert from 'node:assert/strict'
import { connect } from 'node:net'
import type { RunningService } from '../../../support/service.ts'
import { until } from '../../../support/until.ts'
import { all } from './sockets.ts'

/** What one connection was answered until the server closed it: the test itself never does. */
export interface Exchange {
  readonly statuses: readonly number[]
  readonly codes: readonly string[]
  readonly text: string
}

/** @param bytes each character is one byte */
export async function exchange(port: number, bytes: string): Promise<Exchange> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: false })
  socket.write(Buffer.from(bytes, 'latin1'))
  const text = await all(socket)
  return {
    text,
    statuses: [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status)),
    codes: [...text.matchAll(/"code":"([a-z][a-z_]+)"/g)].map(([, code = '']) => code),
  }
}

/** One request of the agent alice, without its body. */
export function head(requestLine: string, ...headers: readonly string[]): string {
  const usual = ['Host: layergate', 'Authorization: Bearer alice']
  return [requestLine, ...usual, ...headers, '', ''].join('\r\n')
}

/** A request that the server answers as the last one of its connection. */
export const last = head('GET /healthz HTTP/1.1', 'Connection: close')

/** Nothing was our fault, nothing was sent, and nothing is left. */
export async function assertUntouched(service: RunningService, { statuses }: Exchange) {
  assert.ok(
    statuses.every((status) => status < 500),
    String(statuses),
  )
  assert.deepEqual(service.calls(), [])
  // A connection may end before its upload is cleared away.
  await until('nothing is left', async () => (await service.spooledFiles()).length === 0)
  assert.ok(!service.logs().some(({ level }) => level === 'error' || level === 'fatal'))
}
