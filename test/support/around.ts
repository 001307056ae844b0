import type { Around, Ports } from '../../src/wiring-parts.ts'

/** Stands around the ports that are named, each in its own way. */
export function aroundPorts(
  wrapped: { readonly [K in keyof Ports]?: (port: Ports[K]) => Ports[K] },
): Around {
  return (name, port) => wrapped[name]?.(port) ?? port
}
