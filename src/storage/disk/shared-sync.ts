/**
 * One sync for all who ask while another is under way: each resolves once a sync that began after it asked has ended, and fails with
 * that sync. What a disk takes for many names is what it takes for one.
 */
export function sharedSync(sync: () => Promise<void>): () => Promise<void> {
  let underWay = Promise.resolve()
  let next: Promise<void> | undefined

  function begin(): Promise<void> {
    next = undefined
    const begun = sync()
    // Whoever waits for the next one does not care how this one ended.
    underWay = begun.catch(() => {})
    return begun
  }

  return () => {
    next ??= underWay.then(begin)
    return next
  }
}
