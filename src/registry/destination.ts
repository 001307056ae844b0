/** Where layers go: one registry, reached under one identity. */
export interface Destination {
  /** As it stands in the policy; `default` without one. */
  readonly name: string
  /**
   * Names the registry for good, in the journal too: what is owed to one is never sent to another that is configured later.
   */
  readonly registry: string
  /** The registry's id or alias; that of the caller when absent. */
  readonly registryId?: string
}
