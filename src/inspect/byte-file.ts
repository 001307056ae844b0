import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** Bytes that lie in a file, perhaps one that grows. Reading blocks, as only a thread of its own, or a command, may do. */
export interface ByteFile extends Disposable {
  /** As it stands at this moment. */
  readonly sizeBytes: number
  /** Fills `target` from `position` on. Returns how many bytes that were: fewer than asked only at the end of the file. */
  read(target: Uint8Array, position: number): number
}

/** @throws Error with the `code` of the operating system */
export function openByteFile(path: string): ByteFile {
  const file = openSync(path, 'r')
  let isOpen = true
  return {
    get sizeBytes() {
      return fstatSync(file).size
    },
    read(target, position) {
      // Its number may be that of another file by now.
      if (!isOpen) throw new Error('The file is closed.')
      let filledBytes = 0
      while (filledBytes < target.length) {
        const wanted = target.length - filledBytes
        const readBytes = readSync(file, target, filledBytes, wanted, position + filledBytes)
        if (readBytes === 0) break
        filledBytes += readBytes
      }
      return filledBytes
    },
    [Symbol.dispose]() {
      if (isOpen) closeSync(file)
      isOpen = false
    },
  }
}
