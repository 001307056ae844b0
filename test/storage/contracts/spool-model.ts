import { test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import type { Spool } from '../../../src/layers/spool.ts'
import type { UploadId } from '../../../src/registry/upload-id.ts'
import { createSpoolModel } from '../support/spool-model.ts'

export interface ModelledSpool {
  readonly spool: Spool
  /** Kills what is there, adds `tail` to the file of each upload that is `there`, and starts again. */
  readonly crash?: (there: ReadonlySet<UploadId>, tail: Buffer) => Promise<Spool>
}

export type OpenModelled = (t: TestContext, capacityBytes: number) => Promise<ModelledSpool>

const capacityBytes = 500
const uploadsAtOnce = 3

const upload = fc.nat(uploadsAtOnce - 1)
const size = fc.oneof(fc.nat(20), fc.nat(capacityBytes))
/** Few, so that layers are sealed again. */
const letter = fc.constantFrom('a', 'b')

const step = fc.oneof(
  fc.record({
    type: fc.constant('resume' as const),
    upload,
    offset: fc.constantFrom('start', 'middle', 'end', 'end', 'beyond'),
    reserveBytes: size,
  }),
  fc.record({ type: fc.constant('write' as const), upload, sizeBytes: size, letter }),
  fc.record({ type: fc.constant('reserve' as const), upload, bytes: size }),
  fc.record({
    type: fc.constantFrom('flush', 'flush', 'close', 'close', 'seal', 'discard', 'renew'),
    upload,
  }),
  fc.record({ type: fc.constant('crash' as const), tailBytes: fc.nat(30) }),
)

/** Whatever is done to a few uploads, every engine of the `Spool` port holds the bytes that it should, and counts them. */
export function spoolModelContract(engine: string, open: OpenModelled): void {
  test(`Spool, any sequence of steps: ${engine}`, async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (sequence) => {
        const { spool, crash } = await open(t, capacityBytes)
        const model = createSpoolModel(spool)
        const uploads = Array.from({ length: uploadsAtOnce }, model.begin)
        for (const taken of sequence) {
          if (taken.type === 'crash') {
            if (crash) await model.crash(Buffer.alloc(taken.tailBytes, 'z'), crash)
            await model.assertBytes()
            continue
          }
          const target = uploads[taken.upload] ?? model.begin()
          switch (taken.type) {
            case 'resume': {
              const { length } = target.flushed
              const offsets = { start: 0, middle: length >> 1, end: length, beyond: length + 1 }
              await model.resume(target, offsets[taken.offset], taken.reserveBytes)
              break
            }
            case 'write':
              await model.write(target, Buffer.alloc(taken.sizeBytes, taken.letter))
              break
            case 'reserve':
              await model.reserve(target, taken.bytes)
              break
            case 'renew':
              await model.discard(target)
              uploads[taken.upload] = model.begin()
              break
            case 'flush':
            case 'close':
            case 'seal':
            case 'discard':
              await model[taken.type](target)
          }
          model.assertUsage()
        }
        for (const each of uploads) await model.close(each)
        model.assertUsage()
        await model.assertBytes()
      }),
      { numRuns: 100 },
    )
  })
}
