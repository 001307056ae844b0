import type { Logger } from 'pino'
import type {
  ForwardEnded,
  LayergateEvent,
  ManifestEnded,
  Observer,
  UploadEnded,
} from '../registry/events.ts'
import { createUpstreamTally, type UpstreamTally } from './upstream-tally.ts'

/**
 * One line for each layer that came in, one for each that went out, and one for each manifest; calls and requests at debug.
 */
export function createLogObserver(logger: Logger): Observer {
  const tally = createUpstreamTally()

  return {
    observe(event: LayergateEvent) {
      const { type, ...fields } = event
      switch (type) {
        case 'upload_ended':
          logger[uploadLevel(event)](fields, `upload ${event.outcome}`)
          return
        case 'layer_invalid':
          logger.warn(fields, `layer ${event.stage}: ${event.diagnosis.cause}`)
          return
        case 'layer_unexamined':
          logger.info(fields, 'layer accepted unexamined')
          return
        case 'layer_invalid_upstream': {
          const level = event.cause === 'in_transit' ? 'warn' : 'error'
          logger[level](fields, 'AWS called a verified layer invalid')
          return
        }
        case 'blob_mounted':
          logger.info(fields, 'blob mounted')
          return
        case 'forward_joined':
          logger.info(fields, 'forward joined: the layer is on its way already')
          return
        case 'forward_given_up':
          logger.error(fields, 'forward parked for good: tried for too long')
          return
        case 'forward_ordered':
          logger.warn(fields, `forward ${event.order}: an operator said so`)
          return
        case 'upstream_paused':
          logger.warn(fields, 'AWS does not answer: it is only probed')
          return
        case 'upstream_resumed':
          logger.info(fields, 'AWS answers again')
          return
        case 'forward_ended':
        case 'manifest_ended': {
          const { type: _, thrown, ...known } = event
          const about = { ...known, ...callsOf(event, tally) }
          const level = event.error === undefined ? 'info' : 'warn'
          const isBug = event.error === 'internal'
          const subject = type === 'forward_ended' ? 'forward' : 'manifest'
          logger[level](isBug ? { ...about, err: thrown } : about, `${subject} ${event.outcome}`)
          return
        }
        case 'upstream_retried':
          logger.warn(fields, 'upstream call is made again')
          return
        case 'credentials_refreshed':
          if (event.outcome === 'refreshed') logger.info(fields, 'credentials were fetched anew')
          else logger.warn(fields, 'credentials could not be fetched anew')
          return
        case 'request_denied': {
          // Without credentials every client begins.
          const level = event.code === 'credentials_missing' ? 'debug' : 'warn'
          logger[level](fields, `request denied: ${event.code}`)
          return
        }
        case 'token_traded':
          logger.info(fields, 'token traded')
          return
        case 'policy_loaded':
          if (event.outcome === 'loaded') logger.info(fields, 'policy loaded')
          else logger.error(fields, 'policy not loaded: the one before stays in force')
          return
        case 'repository_created':
          logger.info(fields, 'repository created')
          return
        case 'upstream_called':
          tally.add(event)
          logger.debug(fields, type)
          return
        case 'request_authorised':
        case 'request_ended':
          logger.debug(fields, type)
          return
        case 'repository_seen':
        case 'request_started':
        case 'upload_started':
        case 'forward_started':
          return
      }
    },
  }
}

/** What its calls to AWS came to. */
function callsOf(event: ForwardEnded | ManifestEnded, tally: UpstreamTally): object {
  return event.type === 'forward_ended' ? tally.ofForward(event) : tally.ofManifest(event)
}

/** Of a chunk that went well there is little to say: the upload's end is still to come. */
function uploadLevel({ outcome, error }: UploadEnded): 'debug' | 'info' | 'warn' {
  if (outcome === 'unsettled') return error === undefined ? 'debug' : 'info'
  return outcome === 'verified' ? 'info' : 'warn'
}
