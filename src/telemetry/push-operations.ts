/** By their operationIds in `openapi.yaml`: the requests by which a push brings something. */
export const pushOperations: readonly string[] = [
  'uploadLayer',
  'startBlobUpload',
  'appendBlobChunk',
  'finishBlobUpload',
  'putManifest',
]
