import type { Page } from 'playwright-core'

interface Colours {
  readonly text: string
  readonly colour: string
  readonly background: string
}

/** What runs in the browser, whose types are none of ours. What stands in a bar is not drawn. */
const look = `
  const clear = 'rgba(0, 0, 0, 0)'
  const backgroundOf = (element) => {
    const { backgroundColor } = getComputedStyle(element)
    return backgroundColor === clear ? backgroundOf(element.parentElement) : backgroundColor
  }
  const isText = (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== ''
  Array.from(document.querySelectorAll('body *:not(progress)'))
    .filter((element) => Array.from(element.childNodes).some(isText))
    .map((element) => ({
      text: element.textContent.trim().slice(0, 40),
      colour: getComputedStyle(element).color,
      background: backgroundOf(element),
    }))
`

/** Each piece of text with its colour, and that of what it stands on, as the browser has computed them. */
export function coloursOf(page: Page): Promise<readonly Colours[]> {
  return page.evaluate<readonly Colours[]>(look)
}

/** From 1 to 21 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio). */
export function contrastOf({ colour, background }: Colours): number {
  const [darker = 0, lighter = 0] = [luminance(colour), luminance(background)].toSorted(
    (one, other) => one - other,
  )
  return (lighter + 0.05) / (darker + 0.05)
}

export function luminance(colour: string): number {
  const channels = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(colour)?.slice(1).map(Number)
  if (channels?.length !== 3) throw new TypeError(`${colour} is not understood.`)
  const [red = 0, green = 0, blue = 0] = channels.map((channel) => {
    const share = channel / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
