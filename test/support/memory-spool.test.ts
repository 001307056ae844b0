import { spoolContract } from '../storage/contracts/spool.ts'
import { createMemorySpool } from './memory-spool.ts'

spoolContract('memory, of the tests', async (_t, capacityBytes) =>
  createMemorySpool({ capacityBytes }),
)
