// What a parser throws when a peer breaks its protocol: the connection that sent it is closed, nothing else.

export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}
