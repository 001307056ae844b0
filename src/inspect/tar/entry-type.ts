/** Links, devices, directories and pipes: Go's archive/tar, and with it all that unpack layers, heeds no size that their header gives. */
const withoutData = new Set(['1', '2', '3', '4', '5', '6'])

/** Where archives from before POSIX have files, and directories too: only the slash at the end of their path tells those. */
const old = '\0'

/** containerd (pkg/archive/tar.go) and Docker (go-archive, archive.go) fail on any other: "unhandled tar header type". */
const unpacked = new Set(['0', old, ...withoutData])

export function hasData(type: string): boolean {
  return !withoutData.has(type)
}

/** @param path the entry's path in the archive */
export function isOldDirectory(type: string, path: () => string): boolean {
  return type === old && path().endsWith('/')
}

export function isUnpacked(type: string): boolean {
  return unpacked.has(type)
}

/** The type itself or, where it cannot be printed, the number of its byte. */
export function typeName(type: string): string {
  return /^[!-~]$/.test(type) ? type : `0x${type.charCodeAt(0).toString(16).padStart(2, '0')}`
}
