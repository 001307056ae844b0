import type { Logger } from 'pino'
import type { LayergateEvent, Observer } from '../registry/events.ts'

/** One line for each layer that came in and one for each that went out; calls and requests at debug. */
export function createLogObserver(logger: Logger): Observer {
  return {
    observe(event: LayergateEvent) {
      const { type, ...fields } = event
      switch (type) {
        case 'upload_ended':
          logger[event.outcome === 'verified' ? 'info' : 'warn'](fields, `upload ${event.outcome}`)
          return
        case 'layer_invalid_upstream':
          logger.error(fields, 'AWS called a verified layer invalid')
          return
        case 'forward_ended':
          logger[event.error === undefined ? 'info' : 'warn'](fields, `forward ${event.outcome}`)
          return
        case 'upstream_retried':
          logger.warn(fields, 'upstream call is made again')
          return
        case 'upstream_called':
        case 'request_ended':
          logger.debug(fields, type)
          return
        case 'repository_seen':
        case 'upload_started':
        case 'forward_started':
          return
      }
    },
  }
}
