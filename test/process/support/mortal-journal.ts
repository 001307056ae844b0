// Imported into a service's process before anything else: SIGUSR2 then kills the thread of its journal.
process.once('worker', (journal) => {
  process.once('SIGUSR2', () => void journal.terminate())
})
