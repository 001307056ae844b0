/** For the errors of standard output: a reader such as `head` takes no more than it needs. @throws any other error */
export function ignoreGoneReader(error: Error & { readonly code?: string }): void {
  if (error.code !== 'EPIPE') throw error
}
