import { parentPort, workerData } from 'node:worker_threads'
import { answerCall } from './answering.ts'
import { createInspections } from './inspections.ts'
import type { Reply, Request, ThreadSettings } from './messages.ts'

const port = parentPort
if (!port) throw new Error('This file is the entry of a worker thread.')

const { limits }: ThreadSettings = workerData
const inspections = createInspections({
  limits,
  onProgress(id, positionBytes) {
    const progress: Reply = { type: 'progress', id, positionBytes }
    port.postMessage(progress)
  },
})

port.on('message', (request: Request) => {
  if (request.type === 'follow') inspections.follow(request.id, request.path)
  if (request.type === 'forget') inspections.forget(request.id)
  if (request.type !== 'inspect') return
  const { call, id, path, sizeBytes } = request
  void answerCall(port, call, async () => {
    const findings = await inspections.inspect(id, path, sizeBytes)
    return { type: 'findings', call, findings }
  })
})
