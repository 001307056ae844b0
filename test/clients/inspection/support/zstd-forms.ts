/** A frame to be skipped, of four bytes (RFC 8878, 3.1.2). */
const skipped = String.raw`printf '\136\052\115\030\004\000\000\000abcd'`

/** What tools make by zstd of `layer.tar`, or of one of the folders, written to stdout. */
export const zstdForms: Readonly<Record<string, string>> = {
  'zstd -1': 'zstd -q -1 -c layer.tar',
  'zstd -3': 'zstd -q -3 -c layer.tar',
  'zstd -19': 'zstd -q -19 -c layer.tar',
  'zstd --ultra -22': 'zstd -q --ultra -22 -c layer.tar',
  'zstd --fast=9': 'zstd -q --fast=9 -c layer.tar',
  'zstd --long=27': 'zstd -q --long=27 -c layer.tar',
  'zstd --no-check': 'zstd -q --no-check -c layer.tar',
  'zstd --no-content-size': 'zstd -q --no-content-size -c layer.tar',
  'zstd from a pipe': 'zstd -q < layer.tar',
  'zstd from a pipe, --long=27': 'zstd -q --long=27 < layer.tar',
  'zstd -T0 -B64KiB': 'zstd -q -T2 -B65536 -c layer.tar',
  'zstd --rsyncable': 'zstd -q -T2 --rsyncable -c layer.tar',
  'zstd, frames one behind the other': 'split -b 99999 --filter="zstd -q" layer.tar',
  'zstd, a frame for each 16 KiB': 'split -b 16384 --filter="zstd -q -1" layer.tar',
  'zstd, with frames that are empty':
    'zstd -q < /dev/null; split -b 200000 --filter="zstd -q; zstd -q < /dev/null" layer.tar',
  'zstd, with frames to be skipped everywhere': `${skipped}; split -b 200000 --filter="zstd -q; ${skipped}" layer.tar; ${skipped}`,
  pzstd: 'pzstd -q -p 4 -c layer.tar',
  'bsdtar --zstd': 'bsdtar -cf layer.tzst --zstd -C plain .; cat layer.tzst',
}
