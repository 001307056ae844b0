import type { Recipient } from '../../src/ingest/finish-upload.ts'
import type { KnownCopies } from '../../src/layers/inspector.ts'

/** What an agent knows that may pull nothing. */
export async function nothingKnown(): Promise<KnownCopies & AsyncDisposable> {
  return { hasGoodCopy: false, isOtherLayer: false, [Symbol.asyncDispose]: async () => {} }
}

/** A recipient that takes whatever it is given, but where `of` says otherwise. */
export function recipientThat<T>(
  of: Pick<Recipient<T>, 'record'> & Partial<Recipient<T>>,
): Recipient<T> {
  return { role: 'layer', known: nothingKnown, check: async () => {}, ...of }
}
