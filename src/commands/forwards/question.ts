/** What the command asks of a service, or of its folder. */
export interface Question {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
}

export interface Reply {
  readonly status: number
  readonly text: string
}

/** One debt, as it is answered. */
export interface Debt {
  readonly registry: string
  readonly repository: string
  readonly digest: string
  readonly agent: string
  readonly sizeBytes: number
  readonly state: 'held' | 'owed' | 'forwarding' | 'parked' | 'parked_for_good'
  readonly attempts: number
  /** What went wrong last; of what is held, why. */
  readonly error?: { readonly code: string; readonly detail: string }
  readonly dueAt?: string
  readonly recordedAt: string
  /** Of what is retried: it was held until then. */
  readonly wasHeld?: boolean
}

/** What a change comes to. */
export interface Changed {
  readonly forwards: readonly Debt[]
}

export interface Listed {
  /** When it was asked, by the clock of whoever answers. */
  readonly at: string
  /** The longest recorded first. */
  readonly forwards: readonly Debt[]
  readonly hasMore: boolean
  readonly totals: {
    readonly waiting: number
    readonly parked: number
    readonly parkedForGood: number
    readonly held: number
    readonly heldBytes: number
    /** Without what is held. */
    readonly backlogBytes: number
    /** Waiting or on their way. */
    readonly owedLayers: number
  }
}
