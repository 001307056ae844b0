import type { TestContext } from 'node:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { launchChromium } from '../../../../scripts/page-picture/browser.ts'
import { installedClient } from '../../support/installed-client.ts'

export const chromium = installedClient('chromium', {
  folders: ['/usr/bin'],
  install: 'run scripts/install-chromium',
})

export interface OpenPage {
  readonly page: Page
  /** Whatever the browser asked for, in order. */
  readonly requests: readonly string[]
  /** What it complained of, as of something that the page may not do. */
  readonly complaints: readonly string[]
}

/** A page of a browser that runs no scripts; closed with everything when the test ends. */
export async function openPage(
  t: TestContext,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  chromium.path()
  const browser = await launchChromium()
  t.after(() => browser.close())
  const context = await browser.newContext({ javaScriptEnabled: false, ...options })
  const page = await context.newPage()
  const requests: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)
  return { page, requests, complaints }
}
