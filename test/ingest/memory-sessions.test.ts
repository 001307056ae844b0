import { uploadSessionsContract } from '../storage/contracts/upload-sessions.ts'
import { createMemorySessions } from '../support/memory-sessions.ts'

uploadSessionsContract('memory', async (_t, now) => createMemorySessions({ now }))
