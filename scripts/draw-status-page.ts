// Draws docs/status-page.png, with a service that was made up:
//   node scripts/draw-status-page.ts
import { writeFile } from 'node:fs/promises'
import { renderPage } from '../src/http/page/page.ts'
import { launchChromium } from './page-picture/browser.ts'
import { busyStatus } from './page-picture/busy-status.ts'

const file = new URL('../docs/status-page.png', import.meta.url)
/** As much of the page as one looks at first. */
const size = { width: 1180, height: 900 }

await using browser = await launchChromium()
const page = await browser.newPage({ viewport: size, javaScriptEnabled: false })
await page.setContent(renderPage(busyStatus, { canPull: () => true }, true))
await writeFile(file, await page.screenshot())
