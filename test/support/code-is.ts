import type { ErrorCode } from '../../src/registry/error-table.ts'
import { LayergateError } from '../../src/registry/errors.ts'

/** For `assert.throws` and `assert.rejects`: an error of ours with this code, not one that looks like it. */
export function codeIs(code: ErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof LayergateError && error.code === code
}
