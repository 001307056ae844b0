import { type Files, nodeFiles, type OpenFile } from '../../../src/storage/disk/files.ts'

/** What to do instead of the real call, with the real file at hand. */
export interface Faults {
  writev?(file: OpenFile, chunks: readonly Uint8Array[], position: number): Promise<number>
  read?(file: OpenFile, target: Uint8Array, position: number): Promise<number>
  truncate?(file: OpenFile, sizeBytes: number): Promise<void>
  datasync?(file: OpenFile): Promise<void>
  close?(file: OpenFile): Promise<void>
  syncDirectory?(): Promise<void>
  create?(): Promise<OpenFile>
  open?(): Promise<OpenFile>
  openForWriting?(): Promise<OpenFile>
  /** Of an open file. */
  sizeBytes?(): Promise<number>
  unlink?(path: string): Promise<void>
}

/** The real file system but for `faults`, which may be changed on the way. */
export function faultyFiles(faults: Faults): Files {
  const faulty = (file: OpenFile): OpenFile => ({
    ...file,
    writev: (chunks, position) =>
      faults.writev?.(file, chunks, position) ?? file.writev(chunks, position),
    read: (target, position) =>
      faults.read?.(file, target, position) ?? file.read(target, position),
    truncate: (sizeBytes) => faults.truncate?.(file, sizeBytes) ?? file.truncate(sizeBytes),
    close: () => faults.close?.(file) ?? file.close(),
    datasync: () => faults.datasync?.(file) ?? file.datasync(),
    sizeBytes: () => faults.sizeBytes?.() ?? file.sizeBytes(),
  })
  return {
    ...nodeFiles,
    create: (path) => faults.create?.() ?? nodeFiles.create(path).then(faulty),
    open: (path) => faults.open?.() ?? nodeFiles.open(path).then(faulty),
    openForWriting: (path) =>
      faults.openForWriting?.() ?? nodeFiles.openForWriting(path).then(faulty),
    unlink: (path) => faults.unlink?.(path) ?? nodeFiles.unlink(path),
    syncDirectory: (path) => faults.syncDirectory?.() ?? nodeFiles.syncDirectory(path),
  }
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code })
}
