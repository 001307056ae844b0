import type { BrokenLayer } from './broken-layers.ts'

/** What tools write, and no container runtime unpacks. */
export const unusableLayers: Readonly<Record<string, Omit<BrokenLayer, 'damage'>>> = {
  'bsdtar -z to a pipe, which pads with zeros': {
    line: 'bsdtar -czf - -C plain etc',
    cause: 'malformed_gzip',
    problem: 'trailing_bytes',
  },
  'bsdtar --zstd to a pipe, which pads with zeros': {
    line: 'bsdtar --zstd -cf - -C plain etc',
    cause: 'malformed_zstd',
    problem: 'trailing_bytes',
  },
  'zstd -D, with a dictionary that nobody has': {
    line: `split -b 200 plain/usr/share/doc/lines sample-
      zstd -q --train sample-* --maxdict=4096 -o dictionary -f
      zstd -q -D dictionary -c layer.tar`,
    cause: 'malformed_zstd',
    problem: 'header',
  },
  'GNU tar --sparse in its own format': {
    line: 'tar --format=gnu --sparse -c -C holes .',
    cause: 'malformed_tar',
    problem: 'type',
  },
  'GNU tar --label': {
    line: 'tar --label="a label" -c -C plain etc',
    cause: 'malformed_tar',
    problem: 'type',
  },
  'GNU tar --listed-incremental': {
    line: 'rm -f snapshot; tar --listed-incremental=snapshot -c -C plain etc',
    cause: 'malformed_tar',
    problem: 'type',
  },
}
