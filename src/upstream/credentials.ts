import type { ECRPUBLICClient } from '@aws-sdk/client-ecr-public'
import { toUpstreamError } from './exceptions.ts'
import { untilAborted } from './until-aborted.ts'

/**
 * Has the client's credentials fetched anew although they look valid; calls at the same time share one fetch.
 *
 * @throws UpstreamError `credentials`, or `unavailable` when their source cannot be reached
 * @throws the reason of `signal`
 */
export type RefreshCredentials = (signal: AbortSignal) => Promise<void>

export function createCredentialsRefresh(client: ECRPUBLICClient): RefreshCredentials {
  return async (signal) => {
    try {
      await untilAborted(signal, client.config.credentials({ forceRefresh: true }))
    } catch (error) {
      signal.throwIfAborted()
      throw toUpstreamError('RefreshCredentials', error)
    }
  }
}
