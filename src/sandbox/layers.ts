import type { Input } from './inputs.ts'
import type { Repositories } from './repositories.ts'
import type { SwitchBoard } from './switches.ts'

export interface Layers {
  readonly checkAvailability: (input: Input<'BatchCheckLayerAvailability'>) => object
}

export function createLayers(repositories: Repositories, switches: SwitchBoard): Layers {
  return {
    checkAvailability(input) {
      const repository = repositories.forPush(input)
      const { absentAs } = switches.now()
      const layers: object[] = []
      const failures: object[] = []
      for (const layerDigest of new Set(input.layerDigests)) {
        const layer = repository.layers.get(layerDigest)
        if (!/^[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+$/.test(layerDigest)) {
          failures.push({
            layerDigest,
            failureCode: 'InvalidLayerDigest',
            failureReason: 'Invalid layer digest',
          })
        } else if (layer) {
          const layerSize = layer.sizeBytes
          layers.push({ layerDigest, layerAvailability: 'AVAILABLE', layerSize })
        } else if (absentAs === 'unavailable') {
          layers.push({ layerDigest, layerAvailability: 'UNAVAILABLE' })
        } else {
          failures.push({
            layerDigest,
            failureCode: 'MissingLayerDigest',
            failureReason: 'Layer not found',
          })
        }
      }
      return { layers, failures }
    },
  }
}
