/** Whether a host of a URL is this very machine: what goes there over plain http nobody else can read or change. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname)
}
