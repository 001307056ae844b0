/** What is told of whatever an agent does. */
export interface OfRepository {
  readonly repository: string
  readonly agent: string
}
