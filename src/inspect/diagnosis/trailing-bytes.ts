import { type Diagnosis, diagnosis } from '../../registry/diagnosis.ts'
import { chunksOf, createRunningDigest, readRange, type Search } from './search.ts'
import { tarEntriesEnd } from './tar-end.ts'

/** What GNU tar and Python fill an archive up to: 20 blocks (https://www.gnu.org/software/tar/manual/html_node/Blocking-Factor.html). */
const recordBytes = 10_240
const endOfArchiveBytes = 1024
const lineFeed = 0x0a
const carriageReturn = 0x0d

/** The first bytes of what came have the digest, where the layer could have ended there. */
export async function trailingBytes(search: Search): Promise<Diagnosis | undefined> {
  const { received, expected, goodCopy } = search
  // It was compared with that.
  if (goodCopy) return undefined
  search.requireTime()
  const { sizeBytes } = received
  const possible = [...lineEnds(search), ...endOfStream(search), ...(await endsOfTar(search))]
  const ends = new Set(possible.filter((end) => end > 0 && end < sizeBytes))
  const endBytes = await findPrefix(search, ends)
  if (endBytes === undefined) return undefined
  return diagnosis('trailing_bytes', {
    receivedBytes: sizeBytes,
    endBytes,
    trailingBytes: sizeBytes - endBytes,
    matchingDigest: expected,
  })
}

/** As an editor or an `echo` appends one. */
function lineEnds({ file, received: { sizeBytes } }: Search): number[] {
  const tail = readRange(file, Math.max(0, sizeBytes - 2), sizeBytes)
  if (tail.at(-1) !== lineFeed) return []
  return tail.at(-2) === carriageReturn ? [sizeBytes - 1, sizeBytes - 2] : [sizeBytes - 1]
}

/** Behind its last whole part; where the next seems to have begun, that may be chance. */
function endOfStream({ findings: { flaw } }: Search): number[] {
  if (!flaw || flaw.cause === 'malformed_tar') return []
  const { problem, endBytes, offset } = flaw.evidence
  if (problem === 'trailing_bytes' && typeof endBytes === 'number') return [endBytes]
  return problem === 'ends_early' && typeof offset === 'number' ? [offset] : []
}

/** Behind its entries an archive has two empty blocks, more to fill it up, or none, as its writer likes. */
async function endsOfTar(search: Search): Promise<number[]> {
  const entriesEnd = await tarEntriesEnd(search)
  if (entriesEnd === undefined) return []
  const end = entriesEnd + endOfArchiveBytes
  return [entriesEnd, end, Math.ceil(end / recordBytes) * recordBytes]
}

/** All of them in one pass. */
async function findPrefix(search: Search, ends: ReadonlySet<number>): Promise<number | undefined> {
  const { file, expected } = search
  const hash = createRunningDigest()
  let start = 0
  for (const end of [...ends].toSorted((a, b) => a - b)) {
    for await (const chunk of chunksOf(search, file, start, end)) hash.update(chunk)
    if (hash.digest() === expected) return end
    start = end
  }
  return undefined
}
