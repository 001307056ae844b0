import type { Observer } from '../registry/events.ts'
import type { Refusals } from './refusals.ts'

/** Keeps what was refused. Whoever asks for it afterwards finds it; that it cannot be kept changes nothing of the refusal. */
export function createRefusalRecorder(
  refusals: Pick<Refusals, 'record'>,
  onError: (error: unknown) => void,
): Observer {
  return {
    observe(event) {
      if (event.type !== 'layer_invalid' || event.stage !== 'refused') return
      const { type: _type, stage: _stage, ...refusal } = event
      refusals.record(refusal).catch(onError)
    },
  }
}
