/**
 * One change of bytes. Places and lengths are taken modulo what is there, so that each fits every input; a negative place counts from
 * the end.
 */
export type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'overwrite'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'remove'; readonly at: number; readonly length: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number }
  | {
      readonly kind: 'swap'
      readonly one: number
      readonly other: number
      readonly blockBytes: number
    }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'append'; readonly bytes: Uint8Array }

export function mutate(bytes: Buffer, mutations: readonly Mutation[]): Buffer {
  return mutations.reduce(apply, bytes)
}

function apply(bytes: Buffer, mutation: Mutation): Buffer {
  if (mutation.kind === 'append') return Buffer.concat([bytes, mutation.bytes])
  if (bytes.length === 0) return bytes
  if (mutation.kind === 'swap') return swapped(bytes, mutation)

  const at = within(mutation.at, bytes.length)
  const before = bytes.subarray(0, at)
  const behind = bytes.subarray(at)
  switch (mutation.kind) {
    case 'flip': {
      const changed = Buffer.from(bytes)
      changed.writeUInt8(changed.readUInt8(at) ^ (1 << (mutation.bit & 7)), at)
      return changed
    }
    case 'overwrite': {
      const rest = behind.subarray(mutation.bytes.length)
      return Buffer.concat([before, mutation.bytes, rest]).subarray(0, bytes.length)
    }
    case 'insert':
      return Buffer.concat([before, mutation.bytes, behind])
    case 'remove':
      return Buffer.concat([before, behind.subarray(mutation.length)])
    case 'repeat':
      return Buffer.concat([before, behind.subarray(0, mutation.length), behind])
    case 'cut':
      return before
  }
}

function swapped(
  bytes: Buffer,
  { one, other, blockBytes }: Extract<Mutation, { kind: 'swap' }>,
): Buffer {
  const blocks = Math.floor(bytes.length / blockBytes)
  if (blocks === 0) return bytes
  const first = within(one, blocks) * blockBytes
  const second = within(other, blocks) * blockBytes
  const changed = Buffer.from(bytes)
  changed.set(bytes.subarray(second, second + blockBytes), first)
  changed.set(bytes.subarray(first, first + blockBytes), second)
  return changed
}

function within(place: number, count: number): number {
  return ((place % count) + count) % count
}
