import { forwardJournalContract } from '../storage/contracts/forward-journal.ts'
import { createMemoryJournal } from '../support/memory-journal.ts'

forwardJournalContract('memory', async (_t, now) => createMemoryJournal({ now }))
