import { allForwardsContract } from '../storage/contracts/all-forwards.ts'
import { createMemoryJournal } from '../support/memory-journal.ts'

allForwardsContract('memory', async (_t, now) => createMemoryJournal({ now }))
