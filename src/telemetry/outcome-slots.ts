/** How many outcomes of calls to AWS get label values of their own. */
const slotCount = 60

/** Stands for every outcome without a slot, and is there from the first scrape. */
export const otherOutcome = 'other'

/**
 * Bounds the label `outcome`, whose values are names that AWS or the network chose: those that come first get
 * slots, the rest share one.
 *
 * @param known have their slots from the start
 */
export function createOutcomeSlots(known: readonly string[]): (outcome: string) => string {
  const slots = new Set(known)
  return (outcome) => {
    if (slots.size < slotCount) slots.add(outcome)
    return slots.has(outcome) ? outcome : otherOutcome
  }
}
