import * as fc from 'fast-check'
import { mutate, type Mutation } from './mutation.ts'
import { compressions } from './seed-layers.ts'
import { repeated, seedTars } from './seed-tars.ts'
import { editTar, type TarEdit, tarFields } from './tar-edit.ts'

/** How a layer was damaged: the archive, or what it was compressed to. */
export interface Damage {
  readonly tar: string
  /** How often its entries stand in the archive. */
  readonly copies: number
  readonly compression: string
  /** One kind alone, so that what is on top does not hide what lies below. */
  readonly changes:
    | { readonly edits: readonly TarEdit[] }
    | { readonly inside: readonly Mutation[] }
    | { readonly outside: readonly Mutation[] }
}

/** Where something is likely to be read: near the start, near the end, at the start of a block, or anywhere. */
const place = fc.oneof(
  fc.integer({ min: 0, max: 64 }),
  fc.integer({ min: -64, max: -1 }),
  fc.nat({ max: 64 }).map((block) => block * 512),
  fc.nat({ max: 2 ** 30 }),
)

const length = fc.oneof(fc.integer({ min: 1, max: 16 }), fc.constantFrom(128, 512, 1024, 4096))

/** Magic numbers are among them: a reader may take what follows for the start of something. */
const bytes = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 24 }),
  length.map((count) => new Uint8Array(count)),
  length.map((count) => new Uint8Array(count).fill(0xff)),
  fc.constantFrom(
    Uint8Array.of(0x1f, 0x8b, 8, 0),
    Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd),
    Uint8Array.of(0x5e, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0x7f),
  ),
)

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('flip'), at: place, bit: fc.nat({ max: 7 }) }),
  fc.record({ kind: fc.constant('overwrite'), at: place, bytes }),
  fc.record({ kind: fc.constant('insert'), at: place, bytes }),
  fc.record({ kind: fc.constant('remove'), at: place, length }),
  fc.record({ kind: fc.constant('repeat'), at: place, length }),
  fc.record({
    kind: fc.constant('swap'),
    one: place,
    other: place,
    blockBytes: fc.constantFrom(1, 16, 512),
  }),
  fc.record({ kind: fc.constant('cut'), at: place }),
  fc.record({ kind: fc.constant('append'), bytes }),
)

/** Types of entries, and numbers in each of the ways to write them. */
const fieldTexts = [
  '0 1 7 x g L K S V D M N X 3 Z'.split(' '),
  ['', '00000000000', '00000000777', '77777777777', '0000000000x', '-0000000001', '        10 '],
  ['\x80\0\0\0\0\0\0\0\0\0\x01\0', `\x80${'\xff'.repeat(11)}`, `${'\xff'.repeat(11)}\xfe`],
  ['ustar', 'ustar  '],
].flat()

const edit: fc.Arbitrary<TarEdit> = fc.record({
  block: fc.nat({ max: 64 }),
  field: fc.constantFrom(...Object.keys(tarFields).filter(isField)),
  value: fc.oneof(
    fc.constantFrom(...fieldTexts).map((text) => Buffer.from(text, 'latin1')),
    fc.uint8Array({ minLength: 1, maxLength: 12 }),
  ),
  isSummed: fc.boolean(),
})

function isField(name: string): name is keyof typeof tarFields {
  return Object.hasOwn(tarFields, name)
}

const mutations = fc.array(mutation, { minLength: 1, maxLength: 3 })

/** Damage inside of the compression, or to what it gave. */
export const inside = fc.oneof(
  fc.record({ edits: fc.array(edit, { minLength: 1, maxLength: 4 }) }),
  fc.record({ inside: mutations }),
)
export const outside = fc.record({ outside: mutations })

interface Choice {
  /** Default: all. */
  readonly compressions?: readonly string[]
  /** How often the entries stand in the archive; default: once, which makes layers of some KiB. */
  readonly copies?: readonly number[]
  readonly changes?: fc.Arbitrary<Damage['changes']>
}

export function arbitraryDamage(choice: Choice = {}): fc.Arbitrary<Damage> {
  return fc.record({
    tar: fc.constantFrom(...Object.keys(seedTars)),
    copies: fc.constantFrom(...(choice.copies ?? [1])),
    compression: fc.constantFrom(...(choice.compressions ?? Object.keys(compressions))),
    changes: choice.changes ?? fc.oneof(inside, inside, outside),
  })
}

export function damagedLayer({ tar, copies, compression, changes }: Damage): Buffer {
  const seed = seedTars[tar]
  const compress = compressions[compression]
  if (!seed || !compress) throw new Error(`There is no seed ${tar} ${compression}.`)
  const archive = repeated(seed, copies)
  if ('outside' in changes) return mutate(compress(archive), changes.outside)
  const isEdited = 'edits' in changes
  return compress(isEdited ? editTar(archive, changes.edits) : mutate(archive, changes.inside))
}
