import { fileURLToPath } from 'node:url'
import { type InstalledClient, installedClient } from '../../support/installed-client.ts'
import type { Home, Outcome } from './home.ts'
import type { Image } from './image.ts'

export interface PushClient {
  /** As its users call it. */
  readonly name: string
  readonly programs: readonly InstalledClient[]
  /** What its user reads when the bytes of a layer do not match its digest. */
  readonly refusal: RegExp
  /** Whether it then sends the layer again by itself. */
  readonly repeats: boolean
  /** Takes the image in. What the client keeps lies in `home`. */
  open(home: Home, image: Image): Promise<OpenClient>
}

/** References are `host:port/repository:tag`. */
export interface OpenClient {
  /** Digests of the uncompressed layers that a push sends, in their order. */
  readonly diffIds: readonly string[]
  push(reference: string): Promise<Outcome>
  /** Reads an image back, into an empty store: resolves to the digest of its manifest. */
  pull(reference: string): Promise<string>
}

const install = 'run scripts/install-push-clients .cache/push-clients'

/** A program that scripts/install-push-clients builds. */
export function goProgram(name: string): InstalledClient {
  const folder = fileURLToPath(new URL('../../../../.cache/push-clients', import.meta.url))
  return installedClient(name, { folders: [folder], install })
}

/** A program of a Debian package; another of that name may come first in PATH. */
export function debianProgram(name: string): InstalledClient {
  return installedClient(name, { folders: ['/usr/bin', '/usr/sbin'], install })
}
