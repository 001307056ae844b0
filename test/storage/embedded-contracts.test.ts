import { allForwardsContract } from './contracts/all-forwards.ts'
import { latestRefusalsContract } from './contracts/latest-refusals.ts'
import { layerFindingsContract } from './contracts/layer-findings.ts'
import { readUploadsContract } from './contracts/read-uploads.ts'
import { type OpenRefusals, refusalsContract } from './contracts/refusals.ts'
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

const openRefusals: OpenRefusals = async (t) => (await openStorage(t)).refusals

refusalsContract('embedded', openRefusals)
latestRefusalsContract('embedded', openRefusals)

layerFindingsContract('embedded', async (t, now) => (await openStorage(t, { now })).findings)
