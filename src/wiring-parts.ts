import type { Logger } from 'pino'
import type { Access } from './access/access.ts'
import type { Config } from './config/config.ts'
import type { UploadSessions } from './ingest/upload-sessions.ts'
import type { Inspector } from './layers/inspector.ts'
import type { LayerFindings } from './layers/layer-findings.ts'
import type { Refusals } from './layers/refusals.ts'
import type { Spool } from './layers/spool.ts'
import type { ForwardJournal } from './publish/forward-journal.ts'
import type { Upstream } from './publish/upstream.ts'
import type { Catalog } from './reads/catalog.ts'
import type { Destination } from './registry/destination.ts'
import type { Observer } from './registry/events.ts'
import type { Files } from './storage/disk/files.ts'

/** What one service is made of, beside its configuration. */
export interface Parts {
  readonly config: Config
  readonly logger: Logger
  readonly version: string
  readonly openapi: string
  /** The process's own metrics watch global state, so only one service of a process may have them. */
  readonly withProcessMetrics: boolean
  /** Who may push and pull what; everybody everything when absent. */
  readonly access?: (destination: Destination) => Access
  /** Takes a line of the audit log, with its end; nobody does when absent. */
  readonly audit?: (line: string) => void
  /** Nothing is traced when absent. */
  readonly traces?: Observer
  /** The service has failed for good: only a new process can take pushes. Called once. */
  readonly onFatal?: () => void
  /** The file system of the spool; the real one when absent. */
  readonly files?: Files
  /** The time of day; the real one when absent. */
  readonly now?: () => Date
  readonly timing?: Partial<Timing>
  /** Stands around a port, to watch what passes through it or to break it; nothing does when absent. */
  readonly around?: Around
}

/** Every way on which layers and debts pass between the folders. */
export interface Ports {
  readonly spool: Spool
  readonly sessions: UploadSessions
  readonly forwards: ForwardJournal
  readonly findings: LayerFindings
  readonly refusals: Refusals
  readonly inspector: Inspector
  /** Below the retry: each of its calls is one call to AWS. */
  readonly upstream: Upstream
  readonly catalog: Catalog
}

export type Around = <K extends keyof Ports>(name: K, port: Ports[K]) => Ports[K]

/** Times that nobody configures. */
export interface Timing {
  /** How long a forward rests when its calls' own retries were not enough. */
  readonly postponeMs: number
  /** How long a forward rests when a person must act. */
  readonly parkMs: number
  /** Before a journal that refused is asked again. */
  readonly journalRestMs: number
  /** How long a manifest rests when AWS cannot be reached, as long as somebody waits for it. */
  readonly manifestPauseMs: number
  /** How long a client that was sent to the same place again may take to come there. */
  readonly manifestGraceMs: number
  /** When manifests that wait are answered 307, to clients of short patience. */
  readonly redirectAfterMs: number
  /** From the last byte of a layer to what is known of its contents. */
  readonly inspectWaitMs: number
  /** How long an answer waits for its diagnosis, and how long that may take when nobody waits any more. */
  readonly diagnosisWaitMs: number
  readonly diagnosisLimitMs: number
  /** For the answers to calls, where they are not those of `createEcrUpstream`. */
  readonly callTimeoutsMs: Partial<Readonly<Record<keyof Upstream, number>>>
}

export const defaultTiming: Timing = {
  postponeMs: 15_000,
  parkMs: 10 * 60_000,
  journalRestMs: 5_000,
  manifestPauseMs: 5_000,
  manifestGraceMs: 10_000,
  redirectAfterMs: 25_000,
  inspectWaitMs: 20_000,
  diagnosisWaitMs: 2_000,
  diagnosisLimitMs: 60_000,
  callTimeoutsMs: {},
}
