/** What the storage has to tell an operator: a sentence, and what it is about. */
export type Log = (message: string, fields: Readonly<Record<string, unknown>>) => void
