// What it costs at least to take a blob in: HTTP, SHA-256, batches of 1 MiB onto the disk. Nothing is checked, synced or kept.
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { argv } from 'node:process'

const [, , folder = '.'] = argv
const batchBytes = 1024 * 1024
let uploads = 0

const server = createServer((request, response) => {
  if (request.method === 'PUT') return void answer(request, response)
  uploads += 1
  response.writeHead(202, { location: `/v2/upload/${uploads}` }).end()
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  await using file = await open(join(folder, String(uploads)), 'w')
  const digest = await store(request, file)
  response.writeHead(201, { 'docker-content-digest': `sha256:${digest}` }).end()
}

/** A batch is written while the next one is filled. */
async function store(body: IncomingMessage, file: FileHandle): Promise<string> {
  const hash = createHash('sha256')
  let batch: Buffer[] = []
  let bytes = 0
  let writing: Promise<unknown> = Promise.resolve()
  for await (const chunk of body) {
    hash.update(chunk)
    batch.push(chunk)
    bytes += chunk.length
    if (bytes < batchBytes) continue
    await writing
    writing = file.writev(batch)
    batch = []
    bytes = 0
  }
  await writing
  if (batch.length > 0) await file.writev(batch)
  return hash.digest('hex')
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  console.log(JSON.stringify({ msg: 'listening', url: `http://127.0.0.1:${port}` }))
})
