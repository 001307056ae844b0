import { cp, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '../../../support/until.ts'
import { type Blob, blobOf, randomBytes } from '../../chaos/support/blobs.ts'
import type { Random } from '../../chaos/support/random.ts'
import { type Agent, askOnce } from './agent.ts'
import { createLedger } from './ledger.ts'
import { credentials } from './policy.ts'
import { pushRaw } from './push.ts'
import { type OpenSession, pushChunks } from './session.ts'
import { openSite } from './site.ts'

/** What a process leaves behind that is killed at a bad moment, and what it had promised. Whoever comes next has something to recover. */
export interface Legacy {
  readonly dataDir: string
  /** Acknowledged, and not sent. */
  readonly owed: Blob
  /** The same, but that a byte of it changed on the disk since. */
  readonly damaged: Blob
  /** Has one chunk that was acknowledged, and behind it bytes of one that was not. */
  readonly session: OpenSession
}

const chunkBytes = 20_000
const damagedBytes = 70_123

/** @param folder gets the data folder */
export async function leaveLegacy(
  modulesDir: string,
  folder: string,
  random: Random,
): Promise<Legacy> {
  await using site = await openSite(modulesDir)
  const { sandbox, url } = site
  sandbox.addFault({ operation: 'InitiateLayerUpload', call: 'every', fault: { kind: 'stall' } })
  const agent: Agent = { ledger: createLedger(), repository: 'team/app', url }
  const draw = (sizeBytes: number) => blobOf(randomBytes(random, sizeBytes))
  const killPoint = { method: 'sessions.advance', call: 2, when: 'before' } as const
  const victim = site.start({ killPoint, keepsModules: true })

  const [owed, damaged] = [draw(65_000), draw(damagedBytes)]
  await pushRaw(agent, owed, 'respond-async')
  await pushRaw(agent, damaged, 'respond-async')
  const cutOff = askOnce(agent, 'POST', `/v1/layers?repository=team/app&digest=${owed.digest}`, {
    body: halfOf(owed, victim.end),
  })
  await until('an upload is under way', async () =>
    (await metrics(agent)).includes('layergate_uploads_in_progress 1'),
  )

  let session: OpenSession | undefined
  const whole = draw(3 * chunkBytes)
  // It goes on for as long as there is somebody to send it to.
  const sending = pushChunks(agent, whole, chunkBytes, 'empty', (now) => {
    session = now ?? session
  })
  await Promise.race([victim.end, sending])
  await cutOff
  if (session?.acknowledgedBytes !== chunkBytes) throw new Error(JSON.stringify(session))

  const dataDir = join(folder, 'legacy')
  await cp(site.dataDir, dataDir, { recursive: true, filter: async (path) => isFile(path) })
  await flipByteOf(dataDir, damagedBytes)
  return { dataDir, owed, damaged, session }
}

/** Not the socket of the one that died. */
async function isFile(path: string): Promise<boolean> {
  return !(await stat(path)).isSocket()
}

async function* halfOf({ bytes }: Blob, end: Promise<unknown>): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, bytes.length / 2)
  await end
}

async function metrics({ url }: Agent): Promise<string> {
  return (await fetch(`${await url()}/metrics`, { headers: credentials })).text()
}

async function flipByteOf(dataDir: string, sizeBytes: number): Promise<void> {
  const folder = join(dataDir, 'uploads')
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if ((await stat(path)).size !== sizeBytes) continue
    await using file = await open(path, 'r+')
    const byte = Buffer.alloc(1)
    const middle = Math.floor(sizeBytes / 2)
    await file.read(byte, 0, 1, middle)
    byte.writeUInt8(byte.readUInt8() ^ 1)
    await file.write(byte, 0, 1, middle)
  }
}
