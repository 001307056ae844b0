import { plain, sizeText } from '../../registry/plain-text.ts'
import type { Changed, Debt } from './question.ts'

/** For people: what a retry came to. */
export function renderRetried({ forwards }: Changed, isAll: boolean, isOffline: boolean): string {
  const when = isOffline ? 'at the next start' : 'now'
  if (isAll) {
    if (forwards.length === 0) return 'Nothing is parked.\n'
    const [are, layers] = forwards.length === 1 ? ['is', 'forward'] : ['are', 'forwards']
    return `${forwards.length} parked ${layers} ${are} tried again ${when}.\n`
  }
  const lines = forwards.map((debt) => `${nameOf(debt)} ${retryText(debt, when)}.\n`)
  return lines.join('')
}

function retryText({ state, wasHeld = false }: Debt, when: string): string {
  if (state === 'forwarding') return 'is being sent already'
  return wasHeld ? `is held no more, and sent ${when}` : `is tried again ${when}`
}

/** For people: what was given up, and what that means. */
export function renderDropped({ forwards }: Changed): string {
  const lines = forwards.map((debt) => {
    const flight =
      debt.state === 'forwarding' ? ' It was being sent: AWS may get it all the same.' : ''
    return `${nameOf(debt)} (${sizeText(debt.sizeBytes)}) is dropped.${flight}\n`
  })
  return `${lines.join('')}Layergate does not bring it to AWS any more. Pushes and manifests that wait for it are answered forward_dropped;
whoever needs it pushes it again.\n`
}

function nameOf({ registry, repository, digest }: Debt): string {
  return plain(`${digest} to ${repository} in ${registry}`)
}
