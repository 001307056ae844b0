/** What tools make by gzip of `layer.tar`, or of one of the folders, written to stdout. */
export const gzipForms: Readonly<Record<string, string>> = {
  'gzip -1': 'gzip -1 -c layer.tar',
  'gzip -9': 'gzip -9 -c layer.tar',
  'gzip -n': 'gzip -n -c layer.tar',
  'gzip from a pipe': 'gzip < layer.tar',
  'gzip --rsyncable': 'gzip --rsyncable -c layer.tar',
  'gzip, members one behind the other': 'split -b 99999 --filter=gzip layer.tar',
  'gzip, with members that are empty':
    'gzip < /dev/null; split -b 200000 --filter="gzip -1; gzip < /dev/null" layer.tar',
  'gzip, a member for each 16 KiB': 'split -b 16384 --filter="gzip -1" layer.tar',
  'pigz -p4': 'pigz -p4 -c layer.tar',
  'pigz -1 -b 128': 'pigz -p4 -1 -b 128 -c layer.tar',
  'pigz -0, stored': 'pigz -0 -c layer.tar',
  'pigz -i': 'pigz -i -p4 -c layer.tar',
  'pigz -R': 'pigz -R -p4 -c layer.tar',
  'pigz -H, Huffman alone': 'pigz -H -c layer.tar',
  'pigz -U, run lengths': 'pigz -U -c layer.tar',
  'pigz --comment': 'pigz -c --comment "a comment" layer.tar',
  'pigz -11': 'tar -c -C plain etc | pigz -11',
  zopfli: 'zopfli --i1 -c layer.tar',
  'bsdtar -z': 'bsdtar -czf layer.tgz -C plain .; cat layer.tgz',
  'python gzip':
    'python3 -c "import gzip, sys; sys.stdout.buffer.write(gzip.compress(sys.stdin.buffer.read()))" < layer.tar',
  'python gzip, with a name and a time':
    "python3 -c \"import gzip, shutil, sys; shutil.copyfileobj(sys.stdin.buffer, gzip.GzipFile('layer.tar', 'wb', fileobj=sys.stdout.buffer))\" < layer.tar",
  'git archive': 'git -C repository archive --format=tar.gz HEAD',
}
