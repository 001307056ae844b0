// Imported into a service's process before anything else: SIGUSR2 then throws where nobody catches.
process.once('SIGUSR2', () => {
  throw new Error('A bug.')
})
