import { once } from 'node:events'
import { type ClientRequest, request } from 'node:http'

export interface SlowPush {
  /** Resolves when the bytes have left this process. */
  send(bytes: Uint8Array): Promise<void>
  /** The status of the answer. */
  end(): Promise<number | undefined>
}

/** A push whose body comes when the test says so. */
export function slowPush(url: string, sizeBytes: number): SlowPush {
  const sent: ClientRequest = request(url, {
    method: 'POST',
    headers: { 'content-length': sizeBytes },
  })
  const answered = once(sent, 'response')
  // Of a push that the end of the test cuts off there is no answer.
  answered.catch(() => {})
  return {
    send: (bytes) =>
      new Promise((resolve, reject) => {
        sent.write(bytes, (error) => (error ? reject(error) : resolve()))
      }),
    async end() {
      sent.end()
      const [answer] = await answered
      answer.resume()
      return answer.statusCode
    },
  }
}
