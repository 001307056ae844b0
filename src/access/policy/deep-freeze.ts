/** Freezes data, and whatever it is made of. What is in a set or a map is left as it is. */
export function deepFreeze<T>(data: T): T {
  if (typeof data === 'object' && data !== null && !Object.isFrozen(data)) {
    Object.freeze(data)
    for (const part of Object.values(data)) deepFreeze(part)
  }
  return data
}
