import { exit, stderr, stdout } from 'node:process'

/**
 * For commands whose answer is all that they are for. A reader such as `head` takes no more than it needs; where nothing can be written,
 * as on a full disk, there is no answer.
 *
 * @param failureStatus of the process, then
 */
export function watchAnswerReader(failureStatus: number): void {
  stdout.on('error', (error: Error & { readonly code?: string }) => {
    if (error.code === 'EPIPE') return
    stderr.write(`The answer cannot be written: ${error.message}\n`)
    exit(failureStatus)
  })
}
