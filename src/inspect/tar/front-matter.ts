import { type EntryHead, type FrontMatter, noFrontMatter } from './entry-head.ts'
import { sizeOf, textBefore } from './header-block.ts'
import { badPaxNumber, type PaxRecords, parsePaxRecords } from './pax-records.ts'
import { tarFlaw, wrongSize } from './tar-flaw.ts'

/** Go's archive/tar refuses more. */
const maxPayloadBytes = 1024 * 1024

/** Pax headers for one entry or for all, and GNU's long paths and long targets of links. */
export function isFrontMatter(type: string): boolean {
  return type === 'x' || type === 'g' || type === 'L' || type === 'K'
}

/**
 * How much it says.
 *
 * @throws Malformed
 */
export function payloadBytesOf(head: EntryHead, block: Uint8Array, type: string): number {
  const sizeBytes = sizeOf(block)
  if (sizeBytes >= 0 && sizeBytes <= maxPayloadBytes) return sizeBytes
  if (sizeBytes < 0) throw wrongSize(head, sizeBytes)
  throw tarFlaw('too_long', head, 'announces the next entry with more than 1 MiB.', {
    type,
    sizeBytes,
  })
}

/**
 * What is known of the next entry once this is, too.
 *
 * @throws Malformed
 */
export function withPayload(head: EntryHead, type: string, payload: Uint8Array): FrontMatter {
  switch (type) {
    case 'x':
      return { ...head.front, records: recordsOf(head, payload) }
    case 'g':
      // Nobody who unpacks layers heeds it, but Docker and Podman (tar-split) insist on its numbers. Go takes it for an entry of its own:
      // what came before it does not count for the next one.
      checkPaxNumbers(head, recordsOf(head, payload))
      return noFrontMatter
    case 'L':
      return { ...head.front, longPath: textBefore(payload) }
    default:
      return { ...head.front }
  }
}

function recordsOf(head: EntryHead, payload: Uint8Array): PaxRecords {
  const records = parsePaxRecords(payload)
  if (typeof records !== 'number') return records
  const happened = `has a malformed record at byte ${records} of its pax header.`
  throw tarFlaw('pax', head, happened, { recordOffset: records })
}

/** @throws Malformed */
export function checkPaxNumbers(head: EntryHead, records: PaxRecords): void {
  const key = badPaxNumber(records)
  if (key === undefined) return
  const happened = `has something else than a number in its pax record ${key}.`
  throw tarFlaw('pax', head, happened, { key })
}
