import { type Diagnosis, diagnosis } from '../../registry/diagnosis.ts'
import type { Search } from './search.ts'

export function empty({ received }: Search): Diagnosis | undefined {
  return received.sizeBytes === 0 ? diagnosis('empty', { receivedBytes: 0 }) : undefined
}
