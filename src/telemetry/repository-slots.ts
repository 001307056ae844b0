/** How many repositories get label values of their own. */
const slotCount = 200

/** Stands for every repository without a slot, and is there from the first scrape. */
export const otherRepository = 'other'

/** Bounds the label `repository`: whoever is authorised first gets a slot, the rest share one. */
export interface RepositorySlots {
  /** Gives the repository its slot; true when it just got it. */
  open(repository: string): boolean
  label(repository: string): string
}

export function createRepositorySlots(): RepositorySlots {
  const slots = new Set<string>()
  return {
    open(repository) {
      if (slots.has(repository) || slots.size >= slotCount) return false
      slots.add(repository)
      return true
    },
    label: (repository) => (slots.has(repository) ? repository : otherRepository),
  }
}
