import { readFile } from 'node:fs/promises'

interface Datasource {
  readonly type?: string
  readonly uid?: string
}

export interface Target {
  readonly refId: string
  readonly expr: string
  readonly legendFormat: string
  readonly instant?: boolean
  readonly range?: boolean
  readonly datasource: Datasource
}

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  /** What a row has not. */
  readonly datasource?: Datasource
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } }
  readonly targets?: readonly Target[]
}

export interface Variable {
  readonly name: string
  readonly type: string
  readonly query: string
  readonly allValue?: string
  readonly datasource?: Datasource
}

/** What we use of Grafana's format (https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/). */
export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly Variable[] }
}

/** The dashboard that Grafana is given. */
export async function readDashboard(): Promise<Dashboard> {
  const file = new URL('../../deploy/grafana/dashboards/layergate.json', import.meta.url)
  return JSON.parse(await readFile(file, 'utf8'))
}

/** The panels that show something: all but the rows. */
export function shownPanels({ panels }: Dashboard): readonly Panel[] {
  return panels.filter(({ type }) => type !== 'row')
}
