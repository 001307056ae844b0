/** What tools make that is neither gzip, zstd nor tar, each written to stdout. */
export const opaqueForms: Readonly<Record<string, string>> = {
  xz: 'xz -0 -c layer.tar',
  zlib: 'pigz -z -c layer.tar',
  zip: 'bsdtar --format=zip -cf - -C plain .',
  cpio: 'bsdtar --format=newc -cf - -C plain .',
  'a text': 'cat plain/usr/share/doc/lines',
  noise: 'cat plain/usr/share/random',
  'a program': 'cat /usr/bin/gzip',
}
