import { type Diagnosis, diagnosis } from '../../registry/diagnosis.ts'
import { createBase64Decoder } from './base64-decoder.ts'
import { chunksOf, createRunningDigest, type Search } from './search.ts'

/** White space, the quote of a JSON text, and a data URI (RFC 2397), each of which may be missing. */
const beginning = /^[\t\n\r ]*("?)(?:data:[^,"]{0,200};base64,)?/

/** The whole body is base64, and what it stands for is the layer. */
export async function base64Body(search: Search): Promise<Diagnosis | undefined> {
  const { file, received, expected } = search
  const head = Buffer.from(search.head())
  const [before = '', quote = ''] = beginning.exec(head.toString('latin1', 0, 256)) ?? []
  const isQuoted = quote !== ''
  if (!createBase64Decoder(isQuoted).write(head.subarray(before.length))) return undefined

  const decoder = createBase64Decoder(isQuoted)
  const hash = createRunningDigest()
  let layerBytes = 0
  for await (const chunk of chunksOf(search, file, before.length, received.sizeBytes)) {
    const decoded = decoder.write(chunk)
    if (!decoded) return undefined
    hash.update(decoded)
    layerBytes += decoded.length
  }
  const rest = decoder.end()
  if (!rest) return undefined
  hash.update(rest)
  layerBytes += rest.length
  if (hash.digest() !== expected) return undefined
  return diagnosis('base64_body', {
    receivedBytes: received.sizeBytes,
    layerBytes,
    matchingDigest: expected,
  })
}
