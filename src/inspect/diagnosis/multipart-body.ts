import { type Diagnosis, diagnosis } from '../../registry/diagnosis.ts'
import { createRunningDigest, readRange, type Search } from './search.ts'

/** RFC 2046, 5.1.1: two hyphens, and up to 70 characters. */
const boundaryLine = /^--[\w'()+,\-./:=? ]{0,69}[\w'()+,\-./:=?]$/
const longestLineBytes = 256
/** More than any form with a layer has. */
const maxParts = 100
const maxPartHeaderBytes = 16 * 1024
const windowBytes = 256 * 1024

/** What came is a multipart form, and one of its parts is the layer. */
export async function multipartBody(search: Search): Promise<Diagnosis | undefined> {
  const { received, expected } = search
  const form = formOf(Buffer.from(search.head()))
  if (!form) return undefined
  let offset = form.firstPartOffset
  for (let part = 1; part <= maxParts; part += 1) {
    const start = contentStart(search, offset, form.lineEnd)
    const found = start === undefined ? undefined : await findEnd(search, start, form.delimiter)
    if (start === undefined || !found) return undefined
    if (found.digest === expected) {
      return diagnosis('multipart_body', {
        receivedBytes: received.sizeBytes,
        part,
        firstOffset: start,
        layerBytes: found.end - start,
        matchingDigest: expected,
      })
    }
    offset = found.end + form.delimiter.length + form.lineEnd.length
  }
  return undefined
}

interface Form {
  readonly lineEnd: '\r\n' | '\n'
  /** Ends each part, and lies before its next. */
  readonly delimiter: Buffer
  readonly firstPartOffset: number
}

function formOf(head: Buffer): Form | undefined {
  const end = head.subarray(0, longestLineBytes).indexOf('\n')
  if (end < 3) return undefined
  const line = head.toString('latin1', 0, end)
  const lineEnd = line.endsWith('\r') ? '\r\n' : '\n'
  const boundary = line.trimEnd()
  if (!boundaryLine.test(boundary)) return undefined
  const delimiter = Buffer.from(lineEnd + boundary, 'latin1')
  return { lineEnd, delimiter, firstPartOffset: end + 1 }
}

/** Behind the empty line that ends the headers of a part; undefined where none is near. */
function contentStart(search: Search, offset: number, lineEnd: string): number | undefined {
  const { file, received } = search
  // From the line end before: there may be no header.
  const start = offset - lineEnd.length
  if (start >= received.sizeBytes) return undefined
  const end = Math.min(start + maxPartHeaderBytes, received.sizeBytes)
  const headers = readRange(file, start, end)
  const at = headers.indexOf(lineEnd + lineEnd)
  return at < 0 ? undefined : start + at + 2 * lineEnd.length
}

/** Where a part ends, and the digest of its content. */
async function findEnd(search: Search, start: number, delimiter: Buffer) {
  const { file, pause } = search
  const hash = createRunningDigest()
  const window = Buffer.allocUnsafeSlow(windowBytes)
  for (let offset = start; ; ) {
    await pause()
    const bytes = window.subarray(0, file.read(window, offset))
    const at = bytes.indexOf(delimiter)
    if (at >= 0) {
      hash.update(bytes.subarray(0, at))
      return { end: offset + at, digest: hash.digest() }
    }
    // The delimiter may begin here, and end behind.
    const passedBytes = bytes.length - delimiter.length + 1
    if (passedBytes <= 0 || bytes.length < window.length) return undefined
    hash.update(bytes.subarray(0, passedBytes))
    offset += passedBytes
  }
}
