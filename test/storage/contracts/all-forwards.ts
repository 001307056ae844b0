import { droppedForwardsContract } from './dropped-forwards.ts'
import { droppedHeldForwardsContract } from './dropped-held-forwards.ts'
import { fairClaimsContract } from './fair-claims.ts'
import { forwardJournalContract, type OpenForwards } from './forward-journal.ts'
import { heldForwardsContract } from './held-forwards.ts'
import { hurriedForwardsContract } from './hurried-forwards.ts'
import { parkedForGoodContract } from './parked-for-good.ts'
import { prunedForwardsContract } from './pruned-forwards.ts'
import { restsContract } from './rests.ts'
import { startedUploadsContract } from './started-uploads.ts'
import { unpaidForwardsContract } from './unpaid-forwards.ts'
import { whileHeldContract } from './while-held.ts'

/** The whole contract of the `ForwardJournal` port. */
export function allForwardsContract(engine: string, open: OpenForwards): void {
  forwardJournalContract(engine, open)
  fairClaimsContract(engine, open)
  hurriedForwardsContract(engine, open)
  restsContract(engine, open)
  startedUploadsContract(engine, open)
  parkedForGoodContract(engine, open)
  droppedForwardsContract(engine, open)
  heldForwardsContract(engine, open)
  whileHeldContract(engine, open)
  droppedHeldForwardsContract(engine, open)
  unpaidForwardsContract(engine, open)
  prunedForwardsContract(engine, open)
}
