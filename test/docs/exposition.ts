export interface Series {
  readonly name: string
  readonly type: string
  readonly help: string
  /** The values of each label, those of `le` left out. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>
}

/** Reads the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export function readSeries(text: string): readonly Series[] {
  return text
    .split(/^# HELP /m)
    .slice(1)
    .map(readOne)
}

function readOne(block: string): Series {
  const [first = '', second = '', ...samples] = block.split('\n')
  const [name = '', ...help] = first.split(' ')
  const type = second.split(' ').at(-1) ?? ''
  const labels = new Map<string, Set<string>>()
  for (const sample of samples) {
    for (const [, label = '', value = ''] of sample.matchAll(/(\w+)="([^"]*)"/g)) {
      if (label !== 'le') labels.set(label, (labels.get(label) ?? new Set()).add(value))
    }
  }
  return { name, type, help: help.join(' '), labels }
}
