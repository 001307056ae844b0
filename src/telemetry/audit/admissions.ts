import type { RequestAuthorised, RequestEnded } from '../../registry/events.ts'

/** On what a request was let at a repository. */
export interface Admission {
  readonly subject?: string
  readonly rule: string
  readonly remoteAddress: string
}

/** What is known of pushes that were let in, for whatever is told of them later. */
export interface Admissions {
  admit(event: RequestAuthorised): void
  ended(event: RequestEnded): void
  /** Clients choose the ids of their requests: what was another's, or for another repository, is not found. */
  find(requestId: string, agent: string, repository: string): Admission | undefined
}

const maxRequests = 10_000
/** Those that a client gave the same id. */
const maxOfOneId = 16
const maxSubjectChars = 1024

/**
 * Most is told of a request while it lasts, but a late diagnosis comes after its end, and so does a manifest whose client was sent away
 * while it waits. So nothing is forgotten for being over. What is over is pushed out by what is over later: 10,000 requests that ended, and
 * apart from them 10,000 whose manifests may still be waiting, since those wait the longest.
 */
export function createAdmissions(): Admissions {
  const open = createShelf()
  const flying = createShelf()
  const over = createShelf()

  return {
    admit({ requestId, agent, repository, action, subject, rule, remoteAddress }) {
      // Nothing is told of reads.
      if (action !== 'push') return
      const admission = {
        ...(subject !== undefined && { subject: subject.slice(0, maxSubjectChars) }),
        rule,
        remoteAddress,
      }
      open.put(requestId, [[whoAndWhere(agent, repository), admission]])
    },

    ended(event) {
      const shelf = mayGoOn(event) ? flying : over
      shelf.put(event.requestId, open.take(event.requestId))
    },

    find(requestId, agent, repository) {
      const key = whoAndWhere(agent, repository)
      return [open, flying, over]
        .map((shelf) => shelf.find(requestId, key))
        .find((admission) => admission !== undefined)
    },
  }
}

/** The client was sent away or left, while its manifest waits for layers. */
function mayGoOn({ operation, status }: RequestEnded): boolean {
  return operation === 'putManifest' && (status === 307 || status === 408 || status === 499)
}

/** No repository has a space in its name. */
function whoAndWhere(agent: string, repository: string): string {
  return `${repository} ${agent}`
}

type Admitted = readonly [key: string, admission: Admission]

/** Requests by their ids; the newest push out the oldest. */
function createShelf() {
  const requests = new Map<string, ReadonlyMap<string, Admission>>()

  return {
    put(requestId: string, admitted: Iterable<Admitted>): void {
      const known = [...(requests.get(requestId) ?? []), ...admitted]
      if (known.length === 0) return
      requests.delete(requestId)
      requests.set(requestId, new Map(known.slice(-maxOfOneId)))
      for (const oldest of requests.keys()) {
        if (requests.size <= maxRequests) return
        requests.delete(oldest)
      }
    },

    take(requestId: string): Iterable<Admitted> {
      const admitted = requests.get(requestId) ?? []
      requests.delete(requestId)
      return admitted
    },

    find: (requestId: string, key: string) => requests.get(requestId)?.get(key),
  }
}
