import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import {
  type EmbeddedStorage,
  type EmbeddedStorageOptions,
  openEmbeddedStorage,
} from '../../../src/storage/embedded.ts'

/** A folder that is gone after the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-storage-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export type LogLine = [message: string, fields: Readonly<Record<string, unknown>>]

export interface TestStorageOptions extends Partial<EmbeddedStorageOptions> {
  readonly lines?: LogLine[]
}

/** Closed after the test, if the test did not close it. */
export async function openStorage(
  t: TestContext,
  { lines, ...options }: TestStorageOptions = {},
): Promise<EmbeddedStorage> {
  const dataDir = options.dataDir ?? (await temporaryFolder(t))
  const storage = await openEmbeddedStorage({
    capacityBytes: 1024 ** 3,
    lockWaitMs: 0,
    log: (message, fields) => lines?.push([message, fields]),
    onFailure(error) {
      throw error
    },
    ...options,
    dataDir,
  })
  t.after(() => storage.close())
  return storage
}
