import { allForwardsContract } from './contracts/all-forwards.ts'
import { readUploadsContract } from './contracts/read-uploads.ts'
import { resumedUploadSpaceContract } from './contracts/resumed-upload-space.ts'
import { resumedUploadsContract } from './contracts/resumed-uploads.ts'
import { type OpenSpool, spoolContract } from './contracts/spool.ts'
import { uploadSessionsContract } from './contracts/upload-sessions.ts'
import { openStorage } from './support/storage.ts'

const openSpool: OpenSpool = async (t, capacityBytes) =>
  (await openStorage(t, { capacityBytes })).spool

spoolContract('embedded', openSpool)
resumedUploadsContract('embedded', openSpool)
resumedUploadSpaceContract('embedded', openSpool)
readUploadsContract('embedded', openSpool)

uploadSessionsContract('embedded', async (t, now) => (await openStorage(t, { now })).sessions)

allForwardsContract('embedded', async (t, now) => (await openStorage(t, { now })).forwards)
