import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePolicy } from '../../../src/access/policy/parse-policy.ts'
import { aws, policyOf, policyText, problemsIn } from './setup.ts'

const role = 'arn:aws:iam::123456789012:role/push'

for (const [what, destination, expected] of [
  ['no name', '{ repositories: [a/b] }', 'line 3: A destination needs "name".'],
  ['no repositories', '{ name: a }', 'line 3: A destination needs "repositories".'],
  [
    'an empty list of repositories',
    '{ name: a, repositories: [] }',
    'line 3: "repositories" must list one pattern at least.',
  ],
  [
    'a pattern that is no list',
    '{ name: a, repositories: "a/*" }',
    'line 3: "repositories" must be a list ("[…]").',
  ],
  [
    'an empty pattern',
    '{ name: a, repositories: [""] }',
    'line 3: An item of "repositories" is empty.',
  ],
  [
    'a pattern with capital letters',
    '{ name: a, repositories: ["Acme/*"] }',
    'line 3: The pattern "Acme/*" fits nothing: names of repositories have no capital letters.',
  ],
  [
    'a pattern with other characters',
    '{ name: a, repositories: ["acme/{a,b}"] }',
    'line 3: The pattern "acme/{a,b}" fits nothing: names of repositories have no such characters.',
  ],
  [
    'a pattern that begins with a slash',
    '{ name: a, repositories: ["/acme"] }',
    'line 3: The pattern "/acme" fits nothing: a segment between slashes is empty.',
  ],
  [
    'a pattern that ends with a slash',
    '{ name: a, repositories: ["acme/"] }',
    'line 3: The pattern "acme/" fits nothing: a segment between slashes is empty.',
  ],
  [
    'a pattern with the prefix elsewhere',
    '{ name: a, repositories: ["x/acme/*"], stripPrefix: acme/ }',
    'line 3: The pattern "x/acme/*" must begin with "acme/", which "stripPrefix" takes away.',
  ],
  [
    'two asterisks within a segment',
    '{ name: a, repositories: ["acme/app-**"] }',
    'line 3: The pattern "acme/app-**" fits nothing: "**" stands alone between slashes; within a name write "*".',
  ],
  [
    'a prefix without a slash',
    '{ name: a, repositories: ["acme/*"], stripPrefix: acme }',
    'line 3: "stripPrefix" must be the beginning of repository names, up to a slash, such as "acme/", but is "acme".',
  ],
  [
    'a prefix with an asterisk',
    '{ name: a, repositories: ["acme/*"], stripPrefix: "*/" }',
    'line 3: "stripPrefix" must be the beginning of repository names, up to a slash, such as "acme/", but is "*/".',
  ],
  [
    'a pattern without the prefix',
    '{ name: a, repositories: ["acme/*", "acm*/x"], stripPrefix: acme/ }',
    'line 3: The pattern "acm*/x" must begin with "acme/", which "stripPrefix" takes away.',
  ],
  [
    'a pattern that might not have the prefix',
    '{ name: a, repositories: ["**"], stripPrefix: acme/ }',
    'line 3: The pattern "**" must begin with "acme/", which "stripPrefix" takes away.',
  ],
  [
    'a registry that is a number',
    '{ name: a, repositories: [a/b], registryId: 012345678901 }',
    'line 3: "registryId" must be text: write "012345678901", with the quotes.',
  ],
  [
    'a registry of 11 digits',
    '{ name: a, repositories: [a/b], registryId: "12345678901" }',
    'line 3: "registryId" must be the 12 digits of an account, or the alias of its registry, but is "12345678901".',
  ],
  [
    'the ARN of a user',
    '{ name: a, repositories: [a/b], roleArn: "arn:aws:iam::123456789012:user/x" }',
    'line 3: "roleArn" must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/layergate-push, but is "arn:aws:iam::123456789012:user/x".',
  ],
  [
    'an external id without a role',
    '{ name: a, repositories: [a/b], externalId: abc }',
    'line 3: "externalId" belongs to a "roleArn", which is missing.',
  ],
  [
    'an external id with a space',
    `{ name: a, repositories: [a/b], roleArn: "${role}", externalId: "a b" }`,
    'line 3: "externalId" must have 2 to 1224 letters, digits and characters of "_+=,.@:/-".',
  ],
  [
    'yes in the place of true',
    '{ name: a, repositories: [a/b], createRepositories: yes }',
    'line 3: "createRepositories" must be true or false.',
  ],
  [
    'no write-once tag',
    '{ name: a, repositories: [a/b], writeOnceTags: [] }',
    'line 3: "writeOnceTags" must list one pattern at least.',
  ],
  [
    'a write-once tag with a slash',
    '{ name: a, repositories: [a/b], writeOnceTags: ["v/*"] }',
    'line 3: The pattern "v/*" fits nothing: tags have no such characters.',
  ],
  [
    'a key that is misspelt',
    '{ name: a, repositories: [a/b], roleARN: x }',
    'line 3: "roleARN" is no key of a destination: did you mean "roleArn"?',
  ],
  [
    'a name with a slash',
    '{ name: a/b, repositories: [a/b] }',
    'line 3: The name "a/b" must be made of lower-case letters, digits, ".", "_" and "-", begin with a letter or digit, and have 63 characters at most.',
  ],
] as const) {
  test(`${what} is a problem`, () => {
    assert.deepEqual(problemsIn({ destinations: [destination] }), [expected])
  })
}

for (const id of ['"123456789012"', 'acme', 'a1.b-c_d']) {
  test(`${id} is a registry`, () => {
    assert.deepEqual(
      problemsIn({ destinations: [`{ name: a, repositories: [a/b], registryId: ${id} }`] }),
      [],
    )
  })
}

for (const arn of [role, 'arn:aws-us-gov:iam::123456789012:role/a/b/c+d=e']) {
  test(`${arn} is a role`, () => {
    assert.deepEqual(
      problemsIn({ destinations: [`{ name: a, repositories: [a/b], roleArn: "${arn}" }`] }),
      [],
    )
  })
}

test('two destinations have different names', () => {
  const destinations = ['{ name: a, repositories: [a/b] }', '{ name: a, repositories: [a/c] }']
  assert.deepEqual(problemsIn({ destinations }), [
    'line 4: The name "a" stands in line 3 already, but destinations need one each.',
  ])
})

for (const [what, second] of [
  ['without a role', 'registryId: "123456789012"'],
  ['under another role', 'roleArn: "arn:aws:iam::123456789012:role/other"'],
  ['with another external id', `roleArn: "${role}", externalId: abc`],
]) {
  test(`a place that is reached under a role is not reached ${what}`, () => {
    const destinations = [
      `{ name: a, repositories: [a/b], roleArn: "${role}" }`,
      `{ name: b, repositories: [b/c], ${second} }`,
    ]
    assert.deepEqual(problemsIn({ destinations }), [
      'line 4: The destination "b" is the same place as "a", so it needs the same "roleArn" and "externalId": what is owed to a place is sent with one identity.',
    ])
  })
}

for (const [what, first, second] of [
  ['and none', 'repositories: [a/b]', 'repositories: ["b/*"], stripPrefix: b/'],
  [
    'and another',
    'repositories: ["a/*"], stripPrefix: a/',
    'repositories: ["b/*"], stripPrefix: b/',
  ],
]) {
  test(`one registry is not reached by one prefix ${what}: two names would be one repository`, () => {
    const destinations = [
      `{ name: a, ${first}, registryId: "123456789012" }`,
      `{ name: b, ${second}, roleArn: "${role}" }`,
    ]
    assert.deepEqual(problemsIn({ destinations }), [
      'line 4: The destinations "a" and "b" are one registry, so they need the same "stripPrefix": otherwise two names of agents can be one repository there, and a grant for one would be a grant for the other.',
    ])
  })
}

test('two registries may have two prefixes', () => {
  const destinations = [
    '{ name: a, repositories: ["a/*"], stripPrefix: a/, registryId: "123456789012" }',
    '{ name: b, repositories: ["b/*"], stripPrefix: b/, registryId: "210987654321" }',
  ]
  assert.deepEqual(problemsIn({ destinations }), [])
})

test('the registry of the configuration is that of destinations that name neither registry nor role', () => {
  const text = policyText({
    destinations: [
      '{ name: a, repositories: [a/b] }',
      `{ name: b, repositories: [b/c], roleArn: "${role}" }`,
      '{ name: c, repositories: [c/d], registryId: other }',
    ],
  })
  const { destinations } = parsePolicy(text, { kind: 'sandbox', registryId: 'acme' })
  assert.deepEqual(
    destinations.map(({ registryId, registry }) => [registryId, registry]),
    [
      ['acme', 'sandbox/acme'],
      [undefined, 'sandbox/123456789012'],
      ['other', 'sandbox/other'],
    ],
  )
  const [alone] = parsePolicy(policyText({}), aws).destinations
  assert.equal(alone?.registry, 'aws/default')
})

test('no tag is write-once, and nothing is created, unless the policy says so', () => {
  const [destination] = policyOf({}).destinations
  assert.equal(destination?.isWriteOnce, undefined)
  assert.equal(destination?.createRepositories, undefined)
})
