import { BeyondLimit, type Malformed } from '../malformed.ts'
import { belonging, type Coming, paddingOf } from './coming.ts'
import { entryDataOf } from './entry-data.ts'
import { type EntryHead, noFrontMatter } from './entry-head.ts'
import { isFrontMatter, payloadBytesOf, withPayload } from './front-matter.ts'
import { blockBytes, typeOf } from './header-block.ts'
import { checkNumbers, checkSum } from './header-check.ts'
import { sumOf } from './header-checksum.ts'
import { checkMapped, wrongMap } from './sparse-check.ts'
import { createSparseMap, maxMapBytes, type SparseMap } from './sparse-map.ts'
import { tarFlaw } from './tar-flaw.ts'

/** Goes from header to header, and says what lies between them. */
export interface HeaderWalk {
  /** Whose headers are good, as far as they were read. */
  readonly entries: number
  /** The header at the start of the archive. */
  readonly start: Coming
  /** The pieces that were taken are not valid any longer. */
  settle(): void
  /**
   * @param missingBytes at least so many
   * @param headerOffset of the header that is cut off, if it is that and not what belongs to the last one
   */
  endsEarly(endsAt: number, missingBytes: number, headerOffset?: number): Malformed
}

/** @param maxEntries with one more, BeyondLimit('entries') is thrown */
export function createHeaderWalk(maxEntries: number): HeaderWalk {
  let entries = 0
  let front = noFrontMatter
  let head: EntryHead = { entry: 1, offset: 0, front }
  let isSettled = true

  function headerBehind(dataBytes: number, paddingBytes = paddingOf(dataBytes)): Coming {
    return {
      dataBytes,
      paddingBytes,
      pieceBytes: blockBytes,
      isHeader: true,
      // What ends in front of the entry that it announces was cut off, though Go's archive/tar and GNU tar say nothing then.
      isOptional: front === noFrontMatter,
      take: takeHeader,
    }
  }

  function takeHeader(block: Uint8Array, offset: number): Coming {
    const sum = sumOf(block)
    if (sum === 0) return { ...headerBehind(0), isOptional: true, take: takeSecondZeroBlock }
    head = { entry: entries + 1, offset, front }
    checkSum(head, block, sum)
    const type = typeOf(block)
    if (isFrontMatter(type)) return takeFrontMatter(block, type)
    head = { ...head, block }
    isSettled = false
    return takeEntry(block)
  }

  /** Two of them end the archive, or one at the end of the file. Go's archive/tar takes nothing else. */
  function takeSecondZeroBlock(block: Uint8Array, offset: number): undefined {
    if (sumOf(block) === 0) return
    head = { entry: entries + 1, offset: offset - blockBytes, front: noFrontMatter }
    throw tarFlaw('zero_block', head, 'is a zero block with something else behind it.')
  }

  function takeFrontMatter(block: Uint8Array, type: string): Coming {
    checkNumbers(head, block)
    const payloadBytes = payloadBytesOf(head, block, type)
    const take = (payload: Uint8Array) => {
      front = withPayload(head, type, payload)
      head = { ...head, front }
      return headerBehind(0, paddingOf(payloadBytes))
    }
    return payloadBytes === 0 ? take(new Uint8Array()) : belonging(payloadBytes, take)
  }

  function takeEntry(block: Uint8Array): Coming {
    checkNumbers(head, block)
    const { sizeBytes, mappedFileBytes } = entryDataOf(head, block)
    if (entries === maxEntries) throw new BeyondLimit('entries')
    entries += 1
    front = noFrontMatter
    return mappedFileBytes === undefined
      ? headerBehind(sizeBytes)
      : nextOfMap(createSparseMap(mappedFileBytes), sizeBytes, 0)
  }

  /** @param leftBytes of the entry's data, what comes of the map included */
  function nextOfMap(map: SparseMap, leftBytes: number, mapBytes: number): Coming {
    if (leftBytes < blockBytes || mapBytes >= maxMapBytes) throw wrongMap(head)
    return belonging(blockBytes, (block) => {
      const restBytes = leftBytes - blockBytes
      const state = map.take(block)
      if (state === 'more') return nextOfMap(map, restBytes, mapBytes + blockBytes)
      checkMapped(head, state === 'whole' ? map.dataBytes : undefined, restBytes)
      return headerBehind(restBytes)
    })
  }

  return {
    get entries() {
      return entries
    },
    start: headerBehind(0),
    settle() {
      if (!isSettled && head.block) head = { ...head, block: new Uint8Array(head.block) }
      isSettled = true
    },
    endsEarly(endsAt, missingBytes, headerOffset) {
      if (headerOffset !== undefined) head = { entry: entries + 1, offset: headerOffset, front }
      const happened = `is cut off: the archive ends at byte ${endsAt}.`
      return tarFlaw('ends_early', head, happened, { endsAt, missingBytes })
    },
  }
}
