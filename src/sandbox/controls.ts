import type { CallLog, CallRecord } from './call-log.ts'
import type { FaultRule, Faults } from './faults.ts'
import type { Journal } from './journal.ts'
import type { LayerBytes } from './layer-bytes.ts'
import type { Repositories } from './repositories.ts'
import { type StateSnapshot, snapshot } from './snapshot.ts'
import type { SwitchBoard, Switches } from './switches.ts'
import { dropUnreferencedLayers } from './unreferenced-layers.ts'

/** What a test does to the sandbox and sees of it, beside the API; `control-routes.ts` has the same over HTTP. */
export interface Controls {
  calls(): readonly CallRecord[]
  clearCalls(): void
  /** The faults that still have calls to come. */
  faults(): ReturnType<Faults['list']>
  addFault(rule: FaultRule): void
  addFaults(rules: readonly FaultRule[]): void
  clearFaults(): void
  switches(): Switches
  setSwitches(changes: Partial<Switches>): void
  state(): StateSnapshot
  /** @throws Error when the layer is absent or its bytes were not kept */
  layerBytes(repository: string, digest: string): Promise<Buffer>
  /** Undefined when the layer is absent or its bytes were not kept. */
  readLayer(repository: string, digest: string): AsyncIterable<Buffer> | undefined
  /** As ECR may do with a layer that no image names. Its bytes stay. */
  removeLayer(repository: string, digest: string): void
  /** The layers, in all repositories, that no image names: ECR may drop them at any time. Their bytes stay. */
  dropUnreferencedLayers(): void
  createRepository(name: string): void
  /** With its layers, images and open uploads. */
  removeRepository(name: string): void
}

export interface ControlParts {
  readonly calls: CallLog
  readonly faults: Faults
  readonly switches: SwitchBoard
  readonly journal: Journal
  readonly bytes: LayerBytes
  readonly repositories: Repositories
}

export function createControls(parts: ControlParts): Controls {
  const { calls, faults, switches, journal, bytes, repositories } = parts

  const readLayer: Controls['readLayer'] = (repository, digest) => {
    const layer = journal.state.repositories.get(repository)?.layers.get(digest)
    return layer?.bytesKept ? bytes.readLayer(digest) : undefined
  }

  return {
    calls: calls.list,
    clearCalls: calls.clear,
    faults: faults.list,
    addFault: (rule) => faults.add(rule),
    addFaults: (rules) => faults.add(...rules),
    clearFaults: faults.clear,
    switches: switches.now,
    setSwitches: switches.set,
    state: () => snapshot(journal.state),
    readLayer,
    layerBytes: async (repository, digest) => {
      const chunks = readLayer(repository, digest)
      if (!chunks) throw new Error(`no bytes of layer ${digest} in repository ${repository}`)
      const read: Buffer[] = []
      for await (const chunk of chunks) read.push(chunk)
      return Buffer.concat(read)
    },
    removeLayer: (repository, digest) =>
      journal.record({ event: 'layer-removed', repository, digest }),
    dropUnreferencedLayers: () => {
      for (const repository of journal.state.repositories.values()) {
        dropUnreferencedLayers(journal, repository)
      }
    },
    createRepository: (name) => {
      repositories.create(name)
    },
    removeRepository: repositories.remove,
  }
}
