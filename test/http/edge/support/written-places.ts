import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { request as ask } from 'node:http'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import type { startTraced } from '../../../telemetry/traces/setup.ts'

/** A service of which everything is kept that it writes. */
export interface Watched {
  readonly service: Awaited<ReturnType<typeof startTraced>>
  readonly audit: readonly string[]
  /** Of somebody who may observe it. */
  readonly authorization: string
}

/** All that a service has written until now, by the name of the place. Its traces end with that. */
export async function writtenPlaces({ service, audit, authorization }: Watched) {
  const { adminUrl, dataDir, logs, receiver, spansAfter } = service

  async function shown(path: string): Promise<string> {
    const answer = await fetch(adminUrl + path, { headers: { authorization } })
    assert.equal(answer.status, 200, path)
    return answer.text()
  }

  const places: Readonly<Record<string, string>> = {
    ...(await filesOf(dataDir)),
    'the metrics': await shown('/metrics'),
    'the list of refusals': await shown('/v1/refusals?repository=team/app'),
    'the status page': await shown('/'),
    'the control socket': await controlAnswer(dataDir, '/v1/forwards'),
    'the log': JSON.stringify(logs()),
    'the audit log': audit.join(''),
    'the traces': (await spansAfter(1), receiver.text()),
  }
  for (const [place, content] of Object.entries(places)) {
    if (!place.startsWith('the file ')) assert.notEqual(content, '', place)
  }
  return places
}

/** Fails with the names of what was found, and where. */
export function assertNowhere(
  secrets: Readonly<Record<string, string>>,
  places: Readonly<Record<string, string>>,
): void {
  const found = Object.entries(places).flatMap(([place, content]) =>
    Object.entries(secrets)
      .filter(([, secret]) => formsOf(secret).some((form) => content.includes(form)))
      .map(([name]) => `${name} in ${place}`),
  )
  assert.deepEqual(found, [])
}

/** The secret, and what is left of it in a path or a header. */
function formsOf(secret: string): readonly string[] {
  return [
    secret,
    encodeURIComponent(secret),
    Buffer.from(`x:${secret}`).toString('base64').slice(8, -8),
    Buffer.from(secret).toString('base64').slice(4, -8),
  ]
}

/** All files but the layers themselves, by name. */
async function filesOf(dataDir: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return Object.fromEntries(
    await Promise.all(
      files.map(async ({ parentPath, name }) => {
        const path = join(parentPath, name)
        return [`the file ${name}`, await readFile(path, 'latin1')]
      }),
    ),
  )
}

async function controlAnswer(dataDir: string, path: string): Promise<string> {
  const asked = ask({ socketPath: join(dataDir, 'control.sock'), path }).end()
  const [answer] = await once(asked, 'response')
  assert.equal(answer.statusCode, 200)
  return textOf(answer)
}
