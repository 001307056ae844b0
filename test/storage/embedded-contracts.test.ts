import { forwardJournalContract } from './contracts/forward-journal.ts'
import { spoolContract } from './contracts/spool.ts'
import { uploadSessionsContract } from './contracts/upload-sessions.ts'
import { openStorage } from './support/storage.ts'

spoolContract(
  'embedded',
  async (t, capacityBytes) => (await openStorage(t, { capacityBytes })).spool,
)

uploadSessionsContract('embedded', async (t, now) => (await openStorage(t, { now })).sessions)

forwardJournalContract('embedded', async (t, now) => (await openStorage(t, { now })).forwards)
