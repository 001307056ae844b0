import { type Browser, chromium } from 'playwright-core'

/** Of Debian's package; `scripts/install-chromium` installs it. */
export const chromiumPath = '/usr/bin/chromium'

/** Without whatever the browser would do by itself beside showing a page. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      // It runs as root in CI, and shows nothing but our own page.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
