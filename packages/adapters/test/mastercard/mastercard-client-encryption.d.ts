/** The part of Mastercard's encryption library that the tests use; it has no types of its own. */
declare module "mastercard-client-encryption" {
  interface Message {
    readonly request: { readonly url: string }
    readonly header: object
    readonly body: object
  }

  class JweEncryption {
    constructor(config: object)
    encrypt(endpoint: string, header: object, body: object): { readonly header: object; readonly body: object }
    decrypt(response: Message): object
  }

  const library: { readonly JweEncryption: typeof JweEncryption }
  export = library
}
