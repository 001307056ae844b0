/** The sandbox takes these and no others; a real account has no such key. */
export const sandboxCredentials = {
  accessKeyId: 'AKIDLAYERGATESANDBOX',
  secretAccessKey: 'layergate-sandbox-secret',
}
