import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type JournalRows, readJournal } from './journal-rows.ts'

/**
 * What a service left behind when it closed: each sealed layer has its file, with its size and its bytes; each upload that a client may
 * come back to has the bytes that were acknowledged; no other file is there. No forward is claimed, no upload of one request is
 * unfinished, and what is owed is held.
 *
 * @param dataDir of a service that was closed
 */
export async function checkSpoolAgreesWithJournal(dataDir: string): Promise<void> {
  const rows = readJournal(join(dataDir, 'journal.sqlite'))
  const uploads = join(dataDir, 'uploads')
  const files = await readSizes(uploads)
  assert.deepEqual(
    [
      ...(await wrongLayers(rows, uploads, files)),
      ...wrongUploads(rows, files),
      ...unknownFiles(rows, files),
      ...wrongForwards(rows),
    ],
    [],
  )
}

/** Size by name. */
type Sizes = ReadonlyMap<string, number>

async function wrongLayers({ layers }: JournalRows, folder: string, files: Sizes) {
  const problems: string[] = []
  for (const { digest, uploadId, sizeBytes } of layers) {
    const foundBytes = files.get(uploadId)
    if (foundBytes !== sizeBytes) {
      problems.push(`${digest}: ${foundBytes} of ${sizeBytes} bytes`)
    } else if ((await digestOf(join(folder, uploadId))) !== digest) {
      problems.push(`${digest}: its file has other bytes`)
    }
  }
  return problems
}

function* wrongUploads({ openUploads }: JournalRows, files: Sizes): Generator<string> {
  for (const { id, isResumable, receivedBytes } of openUploads) {
    const foundBytes = files.get(id) ?? 0
    if (!isResumable) yield `${id}: an upload of one request is unfinished`
    else if (foundBytes < receivedBytes) yield `${id}: ${foundBytes} of ${receivedBytes} bytes`
  }
}

function* unknownFiles({ layers, openUploads }: JournalRows, files: Sizes): Generator<string> {
  const known = new Set([
    ...layers.map(({ uploadId }) => uploadId),
    ...openUploads.map(({ id }) => id),
  ])
  for (const [id, sizeBytes] of files) {
    if (!known.has(id)) yield `${id}: a file of ${sizeBytes} bytes that nobody knows`
  }
}

function* wrongForwards({ layers, forwards }: JournalRows): Generator<string> {
  const held = new Set(layers.map(({ digest }) => digest))
  for (const { repository, digest, state } of forwards) {
    const isOwed = ['held', 'owed', 'parked'].includes(state)
    if (state === 'forwarding') yield `${repository}@${digest} is still claimed`
    if (isOwed && !held.has(digest)) yield `${repository}@${digest} is ${state}, but not here`
  }
}

async function readSizes(folder: string): Promise<Sizes> {
  const sizes = new Map<string, number>()
  for (const name of await readdir(folder)) {
    sizes.set(name, (await stat(join(folder, name))).size)
  }
  return sizes
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256').update(await readFile(path))
  return `sha256:${hash.digest('hex')}`
}
