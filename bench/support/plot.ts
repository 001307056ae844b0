/** One line; `x` on a scale of powers of ten, `y` from 0 on. */
export interface Plot {
  readonly title: string
  readonly xTitle: string
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

const width = 420
const height = 260
const margin = { left: 52, right: 16, top: 34, bottom: 42 }
const colour = '#3b6fc9'

/** Plots side by side, as SVG. */
export function drawPlots(plots: readonly Plot[]): string {
  const all = plots.map((plot, index) => drawPlot(plot, index * width)).join('')
  const size = `viewBox="0 0 ${width * plots.length} ${height}"`
  const style = 'font:12px system-ui,sans-serif;fill:#777'
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} style="${style}">${all}</svg>\n`
}

function drawPlot({ title, xTitle, points }: Plot, left: number): string {
  const logs = points.map(({ x }) => Math.log10(x))
  const [least, most] = [Math.min(...logs), Math.max(...logs)]
  const top = Math.max(...points.map(({ y }) => y)) * 1.15
  const inner = {
    width: width - margin.left - margin.right,
    height: height - margin.top - margin.bottom,
  }
  const toX = (x: number) =>
    left + margin.left + ((Math.log10(x) - least) / (most - least || 1)) * inner.width
  const toY = (y: number) => margin.top + inner.height - (y / top) * inner.height

  const xTicks = points.map(({ x }) =>
    text(toX(x), height - margin.bottom + 16, String(x), 'middle'),
  )
  const yTicks = [0, top / 2, top].flatMap((y) => [
    `<path d="M${left + margin.left} ${toY(y)}h${inner.width}" stroke="#7774"/>`,
    text(left + margin.left - 6, toY(y) + 4, y.toFixed(y < 10 ? 1 : 0), 'end'),
  ])
  const path = points.map(({ x, y }) => `${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`).join('L')
  const dots = points.map(
    ({ x, y }) => `<circle cx="${toX(x)}" cy="${toY(y)}" r="3" fill="${colour}"/>`,
  )
  return [
    text(left + margin.left, 16, title, 'start'),
    text(left + margin.left + inner.width / 2, height - 8, xTitle, 'middle'),
    ...yTicks,
    ...xTicks,
    `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...dots,
  ].join('')
}

function text(x: number, y: number, words: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${words}</text>`
}
