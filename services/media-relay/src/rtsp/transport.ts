// The Transport header of SETUP (RFC 2326, 12.39): which way RTP goes, and what was agreed.

export type TransportSpec =
  | { kind: 'tcp'; rtpChannel: number | undefined; mode: 'play' | 'record' }
  | { kind: 'udp'; rtpPort: number; rtcpPort: number; mode: 'play' | 'record' };

/** The first alternative of the header that the relay can do; undefined when there is none (status 461). */
export function parseTransport(header: string): TransportSpec | undefined {
  for (const alternative of header.split(',')) {
    const [protocol = '', ...parameters] = alternative.trim().split(';');
    const values = new Map(
      parameters.map((parameter) => {
        const [name = '', value = ''] = parameter.split('=', 2);
        return [name.trim().toLowerCase(), value.trim().replace(/^"|"$/g, '')];
      }),
    );
    if (values.has('multicast')) continue;
    const mode = /record|receive/i.test(values.get('mode') ?? '') ? 'record' : 'play';
    switch (protocol.trim().toUpperCase()) {
      case 'RTP/AVP/TCP': {
        const channel = parsePair(values.get('interleaved'), 255);
        return { kind: 'tcp', rtpChannel: channel?.[0], mode };
      }
      case 'RTP/AVP':
      case 'RTP/AVP/UDP': {
        const ports = parsePair(values.get('client_port'), 65_535);
        if (ports !== undefined && ports[0] > 0) return { kind: 'udp', rtpPort: ports[0], rtcpPort: ports[1], mode };
        continue;
      }
      default:
        continue;
    }
  }
  return undefined;
}

/** `a-b`, or `a` alone for `a` and `a+1`. */
function parsePair(text: string | undefined, max: number): [number, number] | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text ?? '');
  if (match === null) return undefined;
  const first = Number(match[1]);
  const second = match[2] === undefined ? first + 1 : Number(match[2]);
  return first <= max && second <= max ? [first, second] : undefined;
}
