import type { OciAnswer } from '../../../support/oci-client.ts'
import type { Answer } from '../../../support/openapi.ts'
import { rawClient } from '../../../support/raw-http.ts'
import type { RunningService, ServiceOptions } from '../../../support/service.ts'

/** One way to see a documented answer. */
export interface Scenario {
  /** Its operationId in `openapi.yaml`. */
  readonly operation: string
  readonly status: number
  readonly send: (service: RunningService) => Promise<Answer>
  readonly options?: ServiceOptions
}

/** What the checks of the contract look at. */
export function toAnswer({ status, headers, bytes }: OciAnswer): Answer {
  return { status, headers, text: bytes.toString() }
}

/** A request whose body, announced with ten bytes, never comes. */
export async function sendSilently(
  { port }: RunningService,
  target: string,
  headers = '',
): Promise<Answer> {
  const client = await rawClient(port)
  client.write(`${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n${headers}\r\n`)
  const { status, headers: given, body } = await client.answer()
  client.socket.destroy()
  return { status, headers: new Headers(given), text: JSON.stringify(body) }
}

/** Every call to AWS and to its registry is answered with this exception. */
export function faultEverywhere({ sandbox }: RunningService, name: string): void {
  sandbox.addFault({ operation: '*', call: 'every', fault: { kind: 'exception', name } })
}
