import { forwardJournalContract, type OpenForwards } from '../storage/contracts/forward-journal.ts'
import { hurriedForwardsContract } from '../storage/contracts/hurried-forwards.ts'
import { createMemoryJournal } from '../support/memory-journal.ts'

const open: OpenForwards = async (_t, now) => createMemoryJournal({ now })

forwardJournalContract('memory', open)
hurriedForwardsContract('memory', open)
