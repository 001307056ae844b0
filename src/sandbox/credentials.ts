export interface SandboxCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Temporary credentials: the request must carry and sign this token. */
  readonly sessionToken?: string
  /** From this time on, calls are answered ExpiredTokenException. */
  readonly expiresAtMs?: number
  /** The account whose user they belong to, and in whose registry they act. Default: the sandbox's own. */
  readonly registryId?: string
  /** What an IAM policy would allow, as in `permissions.ts`. Default: everything. */
  readonly permissions?: readonly string[]
}

/** What the sandbox accepts unless told otherwise: known to everybody, good for nothing else. */
export const sandboxCredentials: SandboxCredentials = {
  accessKeyId: 'AKIDLAYERGATESANDBOX',
  secretAccessKey: 'layergate-sandbox-secret',
}
