import type { MismatchCause } from '../../../../src/registry/diagnosis.ts'

/** One way in which a layer comes to be other bytes than its digest says. */
export interface MangledLayer {
  /** A line of shell that writes to stdout what is sent in place of `layer.tar.gz`. */
  readonly line: string
  /** What curl gets before the name of the file. */
  readonly how?: string
  /** The file whose digest is given; `layer.tar.gz` where it is not told. */
  readonly meant?: string
  /** Whether that file was pushed before, and so can be compared with. */
  readonly isThere?: boolean
  readonly cause: MismatchCause
}

const layer = 'cat layer.tar.gz'

export const mangledLayers: Readonly<Record<string, MangledLayer>> = {
  base64: { line: 'base64 layer.tar.gz', cause: 'base64_body' },
  'base64 in one line': { line: 'base64 -w 0 layer.tar.gz', cause: 'base64_body' },
  'openssl base64': { line: 'openssl base64 -in layer.tar.gz', cause: 'base64_body' },
  "python's base64.urlsafe_b64encode": {
    line: `python3 -c 'import base64; print(base64.urlsafe_b64encode(open("layer.tar.gz", "rb").read()).decode())'`,
    cause: 'base64_body',
  },
  'curl -F under the media type of bytes': {
    line: layer,
    how: '-F layer=@',
    cause: 'multipart_body',
  },
  'head -c, within the data': { line: 'head -c 2000 layer.tar.gz', cause: 'truncated' },
  'head -c, within the checksum': { line: 'head -c -6 layer.tar.gz', cause: 'truncated' },
  'head -c, within the length': { line: 'head -c -1 layer.tar.gz', cause: 'truncated' },
  'head -c of what lies here': {
    line: 'head -c 2000 layer.tar',
    meant: 'layer.tar',
    isThere: true,
    cause: 'truncated',
  },
  'echo behind the layer': { line: `${layer}; echo`, cause: 'trailing_bytes' },
  'sed that ends lines with CRLF': {
    line: `LC_ALL=C sed 's/$/\\r/' layer.tar.gz`,
    cause: 'text_mangled',
  },
  "python's newline='\\r\\n'": {
    line: `python3 -c 'import sys; sys.stdout.buffer.write(open("layer.tar.gz", "rb").read().replace(b"\\n", b"\\r\\n"))'`,
    cause: 'text_mangled',
  },
  'iconv from latin1 to UTF-8': {
    line: 'iconv -f latin1 -t utf-8 layer.tar.gz',
    cause: 'text_mangled',
  },
  'gzip of what is compressed': { line: 'gzip -c layer.tar.gz', cause: 'content_encoded' },
  'zstd of what is compressed': { line: 'zstd -q -c layer.tar.gz', cause: 'content_encoded' },
  'the digest of what gzip -d writes': { line: layer, meant: 'layer.tar', cause: 'diff_id_given' },
  'gzip -d of what lies here': {
    line: 'gzip -dc layer.tar.gz',
    isThere: true,
    cause: 'sent_uncompressed',
  },
  'dd that overwrites four bytes': {
    line: 'cp layer.tar.gz copy; printf XXXX | dd of=copy bs=1 seek=1000 conv=notrunc status=none; cat copy',
    isThere: true,
    cause: 'bit_flips',
  },
  'another layer': { line: 'tar -c -C plain etc', cause: 'unknown' },
}
