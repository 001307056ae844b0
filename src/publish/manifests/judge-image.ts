import { type Diagnosis, diagnosis } from '../../registry/diagnosis.ts'
import { LayergateError } from '../../registry/errors.ts'
import type { Observer } from '../../registry/events.ts'
import type { InspectMode } from '../../registry/findings.ts'
import {
  checkImage,
  type ImageCheckPorts,
  type ImageFault,
  type NamedImage,
} from './check-image.ts'

export interface ImageJudgePorts extends ImageCheckPorts {
  readonly observer: Observer
  readonly now: () => Date
}

export interface JudgedImage extends NamedImage {
  readonly requestId: string
}

/**
 * Checks what an image consists of, and tells of each fault.
 *
 * @throws LayergateError `manifest_invalid` where faults are not only to be reported
 */
export async function judgeImage(
  ports: ImageJudgePorts,
  inspect: InspectMode,
  image: JudgedImage,
): Promise<void> {
  if (inspect === 'off') return
  const faults = await checkImage(ports, image)
  for (const fault of faults) tell(ports, inspect, image, fault)
  const [first, ...others] = faults
  if (!first || inspect === 'report') return
  throw new LayergateError('manifest_invalid', `${describe(first)}${more(others.length)}`, {
    diagnosis: diagnosisOf(first),
  })
}

function tell(
  { observer, now }: ImageJudgePorts,
  inspect: Exclude<InspectMode, 'off'>,
  { target: { repository, agent }, manifest, requestId }: JudgedImage,
  fault: ImageFault,
): void {
  const { index, digest, sizeBytes } = fault
  const named = index === undefined ? manifest.image?.config : manifest.image?.layers[index]
  const hasOtherSize = named !== undefined && named.sizeBytes !== sizeBytes
  observer.observe({
    type: 'layer_invalid',
    stage: inspect === 'enforce' ? 'refused' : 'reported',
    place: 'manifest',
    repository,
    agent,
    requestId,
    code: 'manifest_invalid',
    detail: describe(fault),
    ...(hasOtherSize && { expected: { digest, sizeBytes: named.sizeBytes } }),
    actual: { digest, sizeBytes },
    diagnosis: diagnosisOf(fault),
    refusedAt: now(),
  })
}

function diagnosisOf({ cause, evidence }: ImageFault): Diagnosis {
  return diagnosis(cause, evidence)
}

function describe({ index, digest, detail }: ImageFault): string {
  return `Its ${index === undefined ? 'config' : `layers[${index}]`}, ${digest}: ${detail}`
}

function more(count: number): string {
  if (count === 0) return ''
  return ` ${count} more of its blobs ${count === 1 ? 'is' : 'are'} faulty.`
}
