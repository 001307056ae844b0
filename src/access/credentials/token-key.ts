import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

const keyBytes = 32

/**
 * The key that our own tokens are signed with, made when it is needed first. Whoever takes the file away ends all logins. Only one
 * process at a time may call this for a path.
 *
 * @throws Error that names the path, when there is something else, or it can be neither read nor written
 */
export async function loadTokenKey(path: string): Promise<KeyObject> {
  const bytes = await readIfThere(path)
  if (!bytes) return createKey(path)
  if (bytes.length !== keyBytes) {
    throw new Error(
      `${path} is no token key: it has ${bytes.length} bytes instead of ${keyBytes}. Without it a new one is made, and all have to log in again.`,
    )
  }
  return createSecretKey(bytes)
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw unusable(path, 'read', error)
  }
}

/** Under another name first, so that a crash leaves no half of a key. */
async function createKey(path: string): Promise<KeyObject> {
  const bytes = randomBytes(keyBytes)
  const unfinished = `${path}.new`
  try {
    await rm(unfinished, { force: true })
    await using file = await open(unfinished, 'wx', 0o600)
    await file.writeFile(bytes)
    await file.sync()
    await rename(unfinished, path)
    await using folder = await open(dirname(path), 'r')
    await folder.sync()
  } catch (error) {
    throw unusable(path, 'written', error)
  }
  return createSecretKey(bytes)
}

/** Told in one sentence, at the start: what is wrong lies outside of this process. */
function unusable(path: string, what: 'read' | 'written', error: unknown): Error {
  const why = error instanceof Error ? error.message : String(error)
  return new Error(`${path} cannot be ${what}: ${why}`)
}
