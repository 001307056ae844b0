import { layergateDashboard } from './layergate.ts'

/** The dashboards that Grafana is given: the file of each, and what is in it. */
export const dashboards = [
  {
    file: new URL('../../deploy/grafana/dashboards/layergate.json', import.meta.url),
    text: `${JSON.stringify(layergateDashboard(), null, 2)}\n`,
  },
]
