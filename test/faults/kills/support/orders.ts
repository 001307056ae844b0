import type { Calls, KillPoint } from './kill-point.ts'

/** What a victim is told when it is started. */
export interface Orders {
  /** The settings of the service. */
  readonly env: Readonly<Record<string, string>>
  readonly killPoint?: KillPoint
  /** These calls of `Files.open` find too many files open, once each; the first is 1. */
  readonly failedOpens?: readonly number[]
  /** Has the modules that were loaded kept for the next victim. */
  readonly keepsModules?: boolean
}

/** What a victim tells. */
export type Report =
  | { readonly type: 'listening'; readonly url: string }
  | {
      /** The service has stopped, and this is what was called, and what is left of it. */
      readonly type: 'stopped'
      readonly calls: Calls
      /** All methods that its ports have. */
      readonly methods: readonly string[]
      /** Files of the data folder that are still open. */
      readonly openFiles: readonly string[]
      /** What would keep the process alive, but for the channel to its parent. */
      readonly openHandles: readonly string[]
    }
