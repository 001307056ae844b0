import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import { startRelay } from '../../../support/relay.ts'

/** Stands between a service and its AWS, and keeps what AWS answers. */
export interface RecordingRelay {
  readonly url: string
  /** Where it passes everything on to. */
  to(url: string): void
  /** All answers so far, as they came. */
  answers(): string
}

/** On loopback, byte for byte. Gone when the test ends. */
export async function startRecordingRelay(t: TestContext): Promise<RecordingRelay> {
  let port = 0
  const answers: Buffer[] = []
  const ownPort = await startRelay(t, {
    join(client) {
      const upstream = connect({ host: '127.0.0.1', port })
      client.pipe(upstream).pipe(client)
      upstream.on('data', (bytes: Buffer) => void answers.push(bytes))
      return upstream
    },
  })
  return {
    url: `http://127.0.0.1:${ownPort}`,
    to(url) {
      port = Number(new URL(url).port)
    },
    answers: () => Buffer.concat(answers).toString('latin1'),
  }
}
