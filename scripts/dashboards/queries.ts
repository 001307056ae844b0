/** Matchers of the dashboard's variables, for series that have these labels. */
export const ofRepository = 'repository=~"$repository"'
export const ofDestination = 'destination=~"$destination"'

/** Samples of the services that the dashboard's variables choose. */
export function series(name: string, ...matchers: readonly string[]): string {
  return `${name}{${['job=~"$job"', 'instance=~"$instance"', ...matchers].join(', ')}}`
}

/** How fast a counter rises, per second. Grafana chooses the interval: at least four scrapes. */
export function rate(name: string, ...matchers: readonly string[]): string {
  return `rate(${series(name, ...matchers)}[$__rate_interval])`
}

/**
 * By how much a counter rose in the time that the dashboard shows. For panels of one value. A series that was born within that time
 * has risen from zero to what it is now: `increase` alone does not see its first event.
 */
export function risen(name: string, ...matchers: readonly string[]): string {
  const samples = series(name, ...matchers)
  return `(${samples} unless ${samples} offset $__range) or increase(${samples}[$__range])`
}

export function sumBy(labels: string, expression: string): string {
  return `sum by (${labels}) (${expression})`
}

/** A quantile of a histogram over all services, for each value of the labels. */
export function quantile(
  share: number,
  name: string,
  labels: readonly string[] = [],
  ...matchers: readonly string[]
): string {
  const buckets = rate(`${name}_bucket`, ...matchers)
  return `histogram_quantile(${share}, ${sumBy(['le', ...labels].join(', '), buckets)})`
}

/** Zero where there is nothing to count yet, since a share of nothing is no number. */
export function shareOf(part: string, whole: string): string {
  return `(sum(${part}) or vector(0)) / clamp_min(sum(${whole}), 1)`
}
