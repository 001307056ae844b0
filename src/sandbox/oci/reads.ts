import type { IncomingMessage } from 'node:http'
import type { Accounts } from '../accounts.ts'
import { repositoryName } from '../inputs.ts'
import type { Repository } from '../state.ts'
import type { SwitchBoard } from '../switches.ts'
import { type Answer, jsonAnswer } from '../wire.ts'
import type { Blobs } from './blobs.ts'
import { ociError } from './errors.ts'
import { manifestAnswer } from './manifests.ts'
import { referrersAnswer } from './referrers.ts'
import { tagListAnswer } from './tag-list.ts'
import type { ReadOperation, Target } from './target.ts'

export type Reads = {
  readonly [O in ReadOperation]: (target: Target, request: IncomingMessage) => Answer
}

/** The operations of `/v2/`. Each throws ApiException with its OCI code; NAME_INVALID and NAME_UNKNOWN are common to all. */
export function createReads(accounts: Accounts, blobs: Blobs, switches: SwitchBoard): Reads {
  const repositoryOf = (target: Target): Repository => {
    requireName(target.repositoryName)
    const repository = accounts.lookUp(target)
    if (repository) return repository
    throw ociError(
      'NAME_UNKNOWN',
      `The repository with name '${target.repositoryName}' does not exist in the registry with id '${target.registryId}'`,
    )
  }

  const manifest = (target: Target): Answer =>
    manifestAnswer(repositoryOf(target), target.reference)

  return {
    GetVersion: () => jsonAnswer(200, {}),
    GetManifest: (target) => {
      const answer = manifest(target)
      return switches.now().manifestDigestOnGet === 'present' ? answer : { ...answer, headers: {} }
    },
    HeadManifest: manifest,
    GetBlob: (target, request) => blobs.get(repositoryOf(target), target.reference, request),
    HeadBlob: (target) => {
      const { blobHead } = switches.now()
      if (blobHead === 'unauthorized') throw ociError('UNAUTHORIZED', 'Not Authorized')
      return blobs.head(repositoryOf(target), target.reference)
    },
    ListTags: (target) => tagListAnswer(repositoryOf(target), target, switches),
    GetReferrers: (target) => referrersAnswer(repositoryOf(target), target, switches),
  }
}

function requireName(name: string): void {
  try {
    repositoryName(name, 'name')
  } catch (error) {
    throw ociError('NAME_INVALID', String(error))
  }
}
