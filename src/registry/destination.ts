/** Where layers go: one registry, reached under one identity. */
export interface Destination {
  /** As it stands in the policy; `default` without one. */
  readonly name: string
  /** The registry's id or alias; that of the caller when absent. */
  readonly registryId?: string
}
