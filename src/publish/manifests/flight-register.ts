/** A flight as it is looked for: what identical puts have in common, and whether they may join it still. */
export interface RegisteredFlight {
  readonly id: string
  readonly identity: string
  /** Of all whose puts it carries. */
  readonly agents: ReadonlySet<string>
  /** Whether one of this agent is to repeat its put as it was, and has not yet. */
  readonly expectsRepeat: (agent: string) => boolean
  /** Nobody else has come to any of its tags since. */
  readonly isNewest: boolean
}

export interface ArrivingPut {
  readonly identity: string
  readonly agent: string
  /** The id of the flight that this client was told to come back for. */
  readonly continues?: string
}

/** The flights under way, and those whose end somebody may still come back for. */
export interface FlightRegister<F extends RegisteredFlight> {
  /**
   * The flight that a client has come back for: with its id, or by a put that is identical to one whose repeat is expected.
   */
  continued(put: ArrivingPut): F | undefined
  /** The identical flight that a new arrival is one with: there is nothing between the two that could tell them apart. */
  joinable(put: ArrivingPut): F | undefined
  add(flight: F): void
  /** From now on it can be come back for, and not be joined. */
  end(flight: F): void
  remove(flight: F): void
}

export function createFlightRegister<F extends RegisteredFlight>(): FlightRegister<F> {
  const byId = new Map<string, F>()
  const latest = new Map<string, F>()

  function end(flight: F): void {
    if (latest.get(flight.identity) === flight) latest.delete(flight.identity)
  }

  return {
    continued({ identity, agent, continues }) {
      if (continues === undefined) {
        return [...byId.values()].find(
          (flight) => flight.identity === identity && flight.expectsRepeat(agent),
        )
      }
      const flight = byId.get(continues)
      return flight?.identity === identity && flight.agents.has(agent) ? flight : undefined
    },
    joinable({ identity }) {
      const flight = latest.get(identity)
      return flight?.isNewest ? flight : undefined
    },
    add(flight) {
      byId.set(flight.id, flight)
      latest.set(flight.identity, flight)
    },
    end,
    remove(flight) {
      end(flight)
      byId.delete(flight.id)
    },
  }
}
