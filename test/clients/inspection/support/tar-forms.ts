const sparse = 'tar --format=posix --sparse'

/** A script for python3 that archives a folder by its module tarfile. */
function tarfile(format: string, folder: string, options = ''): string {
  const open = `tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.${format}${options})`
  return `python3 -c 'import sys, tarfile; t = ${open}; t.add("${folder}", "."); t.close()'`
}

/** What tools make of the folders `tree` and `plain` by tar, each written to stdout. */
export const tarForms: Readonly<Record<string, string>> = {
  'GNU tar --format=gnu': 'tar --format=gnu -c -C tree .',
  'GNU tar --format=oldgnu': 'tar --format=oldgnu -c -C tree .',
  'GNU tar --format=pax': 'tar --format=pax -c -C tree .',
  'GNU tar --format=ustar': 'tar --format=ustar -c -C plain .',
  'GNU tar --format=v7': 'tar --format=v7 -c -C plain .',
  'GNU tar, pax, sparse 0.0': `${sparse} --sparse-version=0.0 -c -C tree .`,
  'GNU tar, pax, sparse 0.1': `${sparse} --sparse-version=0.1 -c -C tree .`,
  'GNU tar, pax, sparse 1.0': `${sparse} --sparse-version=1.0 -c -C tree .`,
  'GNU tar, pax, sparse 1.0 with many holes': `${sparse} --sparse-version=1.0 -c -C holes .`,
  'GNU tar, pax, a sparse file of 9 GiB': `${sparse} -c -C huge .`,
  'GNU tar --blocking-factor=1': 'tar --blocking-factor=1 -c -C tree .',
  'GNU tar --blocking-factor=2048': 'tar --blocking-factor=2048 -c -C tree .',
  'GNU tar --hard-dereference': 'tar --hard-dereference -c -C tree .',
  'GNU tar --label, pax': 'tar --format=pax --label="a label" -c -C tree .',
  'GNU tar --xattrs': 'tar --xattrs --acls --selinux -c -C tree . 2> /dev/null',
  'GNU tar, an owner above 2 097 151': 'tar --format=gnu --owner=me:3000000000 -c -C tree .',
  'GNU tar, pax, an owner above 2 097 151': 'tar --format=pax --owner=me:3000000000 -c -C tree .',
  'GNU tar, a time before 1970': 'tar --format=gnu --mtime=@-86400 -c -C tree .',
  'GNU tar, pax, a time before 1970': 'tar --format=pax --mtime=@-86400.5 -c -C tree .',
  'GNU tar, with global headers':
    'tar --format=pax --pax-option=globexthdr.name=x,comment=y -c -C tree .',
  'GNU tar, names without links': 'tar --no-recursion -c -C tree etc etc/motd etc/motd etc/motd',
  'GNU tar, nothing': 'tar -c -T /dev/null',
  'GNU tar --append':
    'tar -cf appended.tar -C tree etc; tar -rf appended.tar -C tree usr; cat appended.tar',
  'GNU tar --concatenate':
    'tar -cf one.tar -C tree etc; tar -cf two.tar -C tree usr; tar -Af one.tar two.tar; cat one.tar',
  'GNU tar, two archives behind each other': 'tar -c -C tree etc; tar -c -C tree usr',
  'GNU tar, one block of zeros at the end': 'tar -cb1 -C plain . | head -c -512',
  'GNU tar, no block of zeros at the end': 'tar -cb1 -C plain . | head -c -1024',
  'bsdtar --format=pax': 'bsdtar --format=pax -cf - -C tree .',
  'bsdtar --format=paxr': 'bsdtar --format=paxr -cf - -C tree .',
  'bsdtar --format=gnutar': 'bsdtar --format=gnutar -cf - -C tree .',
  'bsdtar --format=ustar': 'bsdtar --format=ustar -cf - -C plain .',
  'bsdtar --format=v7tar': 'bsdtar --format=v7tar -cf - -C plain .',
  'bsdtar, sparse': 'bsdtar --format=pax -cf - -C holes .',
  'bsdtar -b 1': 'bsdtar -b 1 -cf - -C tree .',
  'bsdtar, nothing': 'bsdtar -cf - -T /dev/null',
  'bsdtar, hard links with their data':
    'bsdtar --format=newc -cf - -C plain . | bsdtar --format=pax -cf - @-',
  'python tarfile, ustar': tarfile('USTAR_FORMAT', 'plain'),
  'python tarfile, gnu': tarfile('GNU_FORMAT', 'tree'),
  'python tarfile, pax': tarfile('PAX_FORMAT', 'tree'),
  'python tarfile, pax, global headers': tarfile(
    'PAX_FORMAT',
    'tree',
    ', pax_headers={"comment": "größe"}',
  ),
  'python tarfile, latin1': tarfile('GNU_FORMAT', 'tree', ', encoding="latin1", errors="replace"'),
  'git archive': 'git -C repository archive HEAD',
  'git archive, with a prefix': `git -C repository archive --prefix="${'p'.repeat(200)}/" HEAD`,
}
