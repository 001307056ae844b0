import { forwardJournalContract, type OpenForwards } from './contracts/forward-journal.ts'
import { hurriedForwardsContract } from './contracts/hurried-forwards.ts'
import { readUploadsContract } from './contracts/read-uploads.ts'
import { resumedUploadSpaceContract } from './contracts/resumed-upload-space.ts'
import { resumedUploadsContract } from './contracts/resumed-uploads.ts'
import { type OpenSpool, spoolContract } from './contracts/spool.ts'
import { uploadSessionsContract } from './contracts/upload-sessions.ts'
import { openStorage } from './support/storage.ts'

const openSpool: OpenSpool = async (t, capacityBytes) =>
  (await openStorage(t, { capacityBytes })).spool
const openForwards: OpenForwards = async (t, now) => (await openStorage(t, { now })).forwards

spoolContract('embedded', openSpool)
resumedUploadsContract('embedded', openSpool)
resumedUploadSpaceContract('embedded', openSpool)
readUploadsContract('embedded', openSpool)

uploadSessionsContract('embedded', async (t, now) => (await openStorage(t, { now })).sessions)

forwardJournalContract('embedded', openForwards)
hurriedForwardsContract('embedded', openForwards)
