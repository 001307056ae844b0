import { after, before, describe } from 'node:test'
import { testAccess } from './aws/access-suite.ts'
import { awsCli } from './aws/aws-cli.ts'
import type { Connect } from './aws/ecr-public-call.ts'
import { testImages } from './aws/image-suite.ts'
import { awsClient, emptyHome } from './aws/installation.ts'
import { testLayers } from './aws/layer-suite.ts'

const aws = awsClient('aws')

// Each call is a process of its own, most of whose time is the start of Python.
describe('the AWS CLI', { skip: aws.skip, concurrency: 2 }, () => {
  const cleanup = new AsyncDisposableStack()
  let cli: ReturnType<typeof awsCli>
  before(async () => {
    cli = awsCli(aws.path(), await emptyHome(cleanup))
  })
  after(() => cleanup.disposeAsync())
  const connect: Connect = (connection) => cli.connect(connection)

  testLayers(connect)
  testImages(connect)
  testAccess(connect)
})
