import type { IncomingMessage } from 'node:http'
import { type Shape, structure } from './shapes.ts'
import { claimedAccessKeyId } from './signature.ts'

export interface CallRecord {
  readonly requestId: string
  readonly operation: string
  readonly startedAtMs: number
  readonly accessKeyId?: string
  /** Of the credentials, where they are those of a role. */
  readonly roleArn?: string
  /** The number that the SDK gives in `amz-sdk-request`. */
  readonly attempt?: number
  readonly repositoryName?: string | undefined
  readonly uploadId?: string | undefined
  readonly partFirstByte?: number | undefined
  readonly partLastByte?: number | undefined
  readonly layerDigests?: readonly string[] | undefined
  readonly imageTag?: string | undefined
  readonly imageDigest?: string | undefined
  /** Tag or digest of a manifest that was read. */
  readonly reference?: string
  /** Of a blob that was read, or of the subject whose referrers were. */
  readonly digest?: string
  /** The role and the session's name of AssumeRole and AssumeRoleWithWebIdentity. */
  readonly assumedRoleArn?: string
  readonly roleSessionName?: string
  /** Null as long as there is no answer, and for good where the connection was reset or the client left. */
  readonly status: number | null
  readonly exception?: string
}

export interface CallLog {
  /** Opens a record at its place in the order of arrival; the returned function fills it in. */
  readonly open: (record: Omit<CallRecord, 'status'>) => (more: Partial<CallRecord>) => void
  /** In order of arrival, the latest 100,000. */
  readonly list: () => readonly CallRecord[]
  readonly clear: () => void
}

const maxRecords = 100_000

export function createCallLog(): CallLog {
  let records: { record: CallRecord }[] = []

  return {
    open(record) {
      const entry: { record: CallRecord } = { record: { ...record, status: null } }
      records.push(entry)
      if (records.length > maxRecords) records.shift()
      return (more) => {
        entry.record = { ...entry.record, ...more }
      }
    },
    list: () => records.map(({ record }) => record),
    clear: () => {
      records = []
    },
  }
}

const text: Shape<string | undefined> = (value) => (typeof value === 'string' ? value : undefined)
const position: Shape<number | undefined> = (value) =>
  typeof value === 'number' ? value : undefined
const texts: Shape<string[] | undefined> = (value) =>
  Array.isArray(value) ? value.map(String) : undefined
const logged = structure(
  {},
  {
    repositoryName: text,
    uploadId: text,
    partFirstByte: position,
    partLastByte: position,
    layerDigests: texts,
    imageTag: text,
    imageDigest: text,
  },
)

/** What the log keeps of a request body, which may be anything. */
export function bodyMembers(json: unknown): Partial<CallRecord> {
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json)
  return isObject ? logged(json, '') : {}
}

/** What the log keeps of a signed request's head. */
export function headerMembers({ headers }: IncomingMessage): Partial<CallRecord> {
  const accessKeyId = claimedAccessKeyId(headers.authorization)
  const attempt = /attempt=(\d+)/.exec(String(headers['amz-sdk-request']))?.[1]
  return {
    ...(accessKeyId === undefined ? {} : { accessKeyId }),
    ...(attempt === undefined ? {} : { attempt: Number(attempt) }),
  }
}
