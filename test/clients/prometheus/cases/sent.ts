/** The series of the layers that an agent sent. */
export function sent(entry: string, outcome: string, agent = 'one'): string {
  return `layergate_layer_uploads_total{repository="team/app",agent="${agent}",entry="${entry}",outcome="${outcome}"}`
}
