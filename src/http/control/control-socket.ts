import { chmod, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { platform } from 'node:process'
import type { FastifyInstance } from 'fastify'
import { closeServer } from '../close-server.ts'

/** `sun_path` of unix(7), and of unix(4) on macOS and the BSDs, without the byte that ends it. */
export const socketPathMaxBytes = platform === 'linux' ? 107 : 103

/** Relative where the folder is: so it is as short as it was given. */
export function controlSocketPath(dataDir: string): string {
  return join(dataDir, 'control.sock')
}

export function isTooLongForSocket(path: string): boolean {
  return Buffer.byteLength(path) > socketPathMaxBytes
}

/**
 * Opens `control.sock` in the data folder, for the user of this process alone. The caller holds the folder, so a socket that lies there is
 * of a process that was killed, and is replaced. A service does without it: whatever keeps it from being opened is a warning.
 *
 * @returns closes it, and the app; to be called before the folder is given free
 */
export async function openControlSocket(
  app: FastifyInstance,
  dataDir: string,
): Promise<() => Promise<void>> {
  const path = controlSocketPath(dataDir)
  const antechamber = join(dataDir, '.control')
  try {
    if (isTooLongForSocket(path)) throw tooLong(path)
    await openIn(antechamber, path, app)
  } catch (error) {
    app.log.warn({ err: error, path }, 'control.sock could not be opened: no command reaches it')
    await closeServer(app)
    await rm(antechamber, { recursive: true, force: true }).catch(() => {})
    return async () => {}
  }
  return async () => {
    await rm(path, { force: true }).catch((error: unknown) => {
      app.log.warn({ err: error, path }, 'control.sock could not be removed')
    })
    await closeServer(app)
  }
}

/**
 * A socket is made with the permissions that the umask of the whole process leaves it, and others may have made the data folder. So it is
 * made in a folder that nobody else can enter, and moved when it is private itself.
 */
async function openIn(antechamber: string, path: string, app: FastifyInstance): Promise<void> {
  await rm(antechamber, { recursive: true, force: true })
  await mkdir(antechamber, { mode: 0o700 })
  const made = join(antechamber, 's')
  await app.listen({ path: made, listenTextResolver: () => `bound ${path}` })
  await chmod(made, 0o600)
  await rename(made, path)
  await rm(antechamber, { recursive: true })
}

function tooLong(path: string): Error {
  const sizeBytes = Buffer.byteLength(path)
  return new Error(
    `The path of a socket has ${socketPathMaxBytes} bytes at most, and this one ${sizeBytes}.`,
  )
}
