import { parentPort } from 'node:worker_threads'
import { answerCall } from './answering.ts'
import { createDiagnoses } from './diagnoses.ts'
import type { Request } from './messages.ts'

const port = parentPort
if (!port) throw new Error('This file is the entry of a worker thread.')

const diagnoses = createDiagnoses()

port.on('message', (request: Request) => {
  if (request.type !== 'diagnose') return
  const { call, mismatch } = request
  void answerCall(port, call, async () => {
    return { type: 'diagnosis', call, diagnosis: await diagnoses.diagnose(mismatch) }
  })
})
