import type { TestContext } from 'node:test'
import { type RawClient, rawClient } from '../../../support/raw-http.ts'
import type { RunningService } from '../../../support/service.ts'
import { until } from '../../../support/until.ts'

/** A PATCH or PUT whose head and first bytes have been sent and taken in. The rest is for the test to send, or not. */
export async function hanging(
  t: TestContext,
  service: RunningService,
  target: string,
  { announcedBytes, sent }: { readonly announcedBytes: number; readonly sent: Buffer },
): Promise<RawClient> {
  const client = await rawClient(service.port)
  t.after(() => client.socket.destroy())
  client.write(`${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${announcedBytes}\r\n\r\n`)
  client.write(sent)
  const inProgress = () => service.metric('layergate_uploads_in_progress')
  await until('the request has its turn', async () => (await inProgress()) === 1)
  return client
}
