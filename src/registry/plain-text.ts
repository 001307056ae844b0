const unitsBytes = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** On one line, without whatever would move a terminal's cursor, colour its text or turn its direction: AWS's words are not ours. */
export function plain(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').trim()
}

/** `1.5 GiB` */
export function sizeText(sizeBytes: number): string {
  let value = sizeBytes
  let unit = 0
  // What would be rounded to 1024.0 is 1.0 of the next unit.
  while (value >= 1023.95 && unit < unitsBytes.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${unitsBytes[unit]}`
}

/** `3h 12m`: two units at most, 0s for less than a second. */
export function durationText(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000))
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const days = Math.floor(hours / 24)
  if (days > 0) return `${days}d ${hours % 24}h`
  if (hours > 0) return `${hours}h ${minutes % 60}m`
  if (minutes > 0) return `${minutes}m ${seconds % 60}s`
  return `${seconds}s`
}
