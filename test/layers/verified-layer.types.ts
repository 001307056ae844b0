// Not run: `tsc` fails on every line here that it should refuse and does not.

import type { SealedLayer, Spool } from '../../src/layers/spool.ts'
import { openVerified, type VerifiedLayer } from '../../src/layers/verified-layer.ts'
import type { Call, Upstream, UpstreamUpload } from '../../src/publish/upstream.ts'
import { type Digest, parseDigest } from '../../src/registry/digest.ts'
import { parseRepositoryName, type RepositoryName } from '../../src/registry/repository-name.ts'
import type { UploadId } from '../../src/registry/upload-id.ts'

declare const upstream: Upstream
declare const call: Call
declare const upload: UpstreamUpload
declare const layer: VerifiedLayer
declare const sealed: SealedLayer
declare const found: Awaited<ReturnType<Spool['find']>>

/** What the compiler lets through. */
export function allowed(): void {
  void upstream.start(call, layer)
  void openVerified(layer)
  // A verified layer is a sealed one, never the other way round.
  const less: SealedLayer = layer
  void less
}

/** What the compiler has to refuse. */
export function refused(): void {
  // @ts-expect-error a sealed layer has the same shape, but nobody verified it
  void upstream.start(call, sealed)
  // @ts-expect-error a plain object of the same shape
  void upstream.start(call, { digest: layer.digest, sizeBytes: layer.sizeBytes })
  // @ts-expect-error a copy has lost the private field
  // oxlint-disable-next-line typescript/no-misused-spread -- that is the mistake
  void upstream.start(call, { ...layer })
  // @ts-expect-error parts are sent of verified layers alone
  void upstream.sendPart(call, upload, sealed, { firstByte: 0, lastByte: 1 })
  // @ts-expect-error uploads are completed for verified layers alone
  void upstream.complete(call, upload, sealed)
  // @ts-expect-error bytes for AWS are opened of verified layers alone
  void openVerified(sealed)
  // @ts-expect-error what a spool finds is sealed, not verified
  if (found) void openVerified(found)
  // @ts-expect-error an object literal cannot have the private field
  const made: VerifiedLayer = { digest: layer.digest, sizeBytes: 1 }
  void made
  // @ts-expect-error the digest of a layer is read-only
  layer.digest = sealed.digest
}

export async function classIsNoValue(): Promise<void> {
  const module = await import('../../src/layers/verified-layer.ts')
  // @ts-expect-error the class is exported as a type alone
  void module.VerifiedLayer
}

export function textIsNoNoun(text: string): void {
  // @ts-expect-error a text becomes a digest through parseDigest alone
  const digest: Digest = text
  // @ts-expect-error a text becomes a repository name through parseRepositoryName alone
  const repository: RepositoryName = text
  // @ts-expect-error a digest is no repository name
  const confused: RepositoryName = parseDigest(text)
  // @ts-expect-error an upload is not named by a repository
  const id: UploadId = parseRepositoryName(text)
  void [digest, repository, confused, id]
}
