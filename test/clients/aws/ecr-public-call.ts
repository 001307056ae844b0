import type { JsonObject } from './json.ts'

export interface Connection {
  endpoint: string
  accessKeyId: string
  secretAccessKey: string
}

/**
 * Calls an operation; it and the members of `input` are named as in the Amazon ECR Public API
 * reference. Throws an error whose `name` is that of the exception that the server answered.
 */
export type EcrPublicCall = (
  operation: string,
  input: Record<string, unknown>,
) => Promise<JsonObject>

export type Connect = (connection: Connection) => EcrPublicCall
