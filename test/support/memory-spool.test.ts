import { readUploadsContract } from '../storage/contracts/read-uploads.ts'
import { resumedUploadSpaceContract } from '../storage/contracts/resumed-upload-space.ts'
import { resumedUploadsContract } from '../storage/contracts/resumed-uploads.ts'
import { type OpenSpool, spoolContract } from '../storage/contracts/spool.ts'
import { createMemorySpool } from './memory-spool.ts'

const open: OpenSpool = async (_t, capacityBytes) => createMemorySpool({ capacityBytes })

spoolContract('memory, of the tests', open)
resumedUploadsContract('memory, of the tests', open)
resumedUploadSpaceContract('memory, of the tests', open)
readUploadsContract('memory, of the tests', open)
