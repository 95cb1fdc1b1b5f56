// Session descriptions (RFC 4566) as far as RTSP needs them: the media of an ANNOUNCE in, the answer to a DESCRIBE out.

import { ProtocolError } from '../core/protocol-error.ts';

export interface SdpMedia {
  kind: string;
  payloadType: number;
  /** Name as MediaMTX's API shows it: `H264`, `MPEG-4 Audio`, else the encoding name of the rtpmap. */
  codec: string;
  clockRate: number;
  channels: number;
  format: ReadonlyMap<string, string>;
  /** Attribute and bandwidth lines that a reader may need, as the publisher wrote them. */
  lines: readonly string[];
  /** The publisher's name for this track in SETUP. */
  control: string;
}

const MAX_MEDIA = 16;
const PASSED_ON = /^(b=|a=(rtpmap|fmtp|framerate|framesize|ptime|maxptime|x-dimensions|cliprect|rtcp-fb):?)/;

/** Static payload types (RFC 3551, 6) that publishers may announce without an rtpmap. */
const STATIC_TYPES: Record<number, { codec: string; clockRate: number }> = {
  0: { codec: 'G711', clockRate: 8000 },
  8: { codec: 'G711', clockRate: 8000 },
  9: { codec: 'G722', clockRate: 8000 }, // samples at 16 kHz; the clock is an old mistake that stayed (RFC 3551, 4.5.2)
  10: { codec: 'LPCM', clockRate: 44_100 },
  11: { codec: 'LPCM', clockRate: 44_100 },
  14: { codec: 'MPEG-1/2 Audio', clockRate: 90_000 },
  26: { codec: 'M-JPEG', clockRate: 90_000 },
  32: { codec: 'MPEG-1/2 Video', clockRate: 90_000 },
  33: { codec: 'MPEG-TS', clockRate: 90_000 },
};

const CODEC_NAMES: Record<string, string> = {
  H264: 'H264',
  H265: 'H265',
  'MPEG4-GENERIC': 'MPEG-4 Audio',
  'MP4A-LATM': 'MPEG-4 Audio LATM',
  OPUS: 'Opus',
  PCMA: 'G711',
  PCMU: 'G711',
  L16: 'LPCM',
  MPA: 'MPEG-1/2 Audio',
  VORBIS: 'Vorbis',
  VP8: 'VP8',
  VP9: 'VP9',
};

export function parseSdp(text: string): SdpMedia[] {
  const sections = text.split(/\r?\n(?=m=)/);
  if (!sections[0]?.trimStart().startsWith('v=')) throw new ProtocolError('the description does not start with v=');
  const media = sections.slice(1).map(parseMedia);
  if (media.length === 0) throw new ProtocolError('the description names no media');
  if (media.length > MAX_MEDIA) throw new ProtocolError(`the description names more than ${MAX_MEDIA} media`);
  return media;
}

function parseMedia(section: string, index: number): SdpMedia {
  const [first = '', ...rest] = section.split(/\r?\n/);
  const match = /^m=(\w+) \d+(?:\/\d+)? (\S+) (\d+)/.exec(first);
  const payloadType = Number(match?.[3]);
  if (match === null || !(payloadType <= 127)) throw new ProtocolError(`malformed media line: ${first.slice(0, 80)}`);
  const attribute = (name: string): string | undefined =>
    rest.find((line) => line.startsWith(`a=${name}:`))?.slice(name.length + 3);
  const rtpmap = rest
    .map((line) => /^a=rtpmap:(\d+) ([\w.-]+)\/(\d+)(?:\/(\d+))?/.exec(line))
    .find((found) => Number(found?.[1]) === payloadType);
  const known = STATIC_TYPES[payloadType];
  const encoding = rtpmap?.[2]?.toUpperCase();
  const clockRate = rtpmap?.[3] !== undefined ? Number(rtpmap[3]) : known?.clockRate;
  if (clockRate === undefined || clockRate < 1 || clockRate > 1_000_000) {
    throw new ProtocolError(`no clock rate for payload type ${payloadType}`);
  }
  const fmtp = rest.find((line) => line.startsWith(`a=fmtp:${payloadType} `));
  return {
    kind: match[1] ?? '',
    payloadType,
    codec: (encoding !== undefined ? CODEC_NAMES[encoding] : known?.codec) ?? encoding ?? `payload ${payloadType}`,
    clockRate,
    channels: Number(rtpmap?.[4] ?? 1),
    format: parseFormat(fmtp?.slice(`a=fmtp:${payloadType} `.length) ?? ''),
    lines: rest.filter((line) => PASSED_ON.test(line)),
    control: attribute('control')?.trim() ?? `trackID=${index}`,
  };
}

function parseFormat(parameters: string): Map<string, string> {
  const format = new Map<string, string>();
  for (const parameter of parameters.split(';')) {
    const equals = parameter.indexOf('=');
    if (equals > 0) format.set(parameter.slice(0, equals).trim().toLowerCase(), parameter.slice(equals + 1).trim());
  }
  return format;
}

/** The description of a stream for its readers; track n is set up as `trackID=n`. */
export function buildSdp(media: readonly SdpMedia[], host: string, sessionName: string): string {
  const family = host.includes(':') ? 'IP6' : 'IP4';
  const lines = ['v=0', `o=- 0 0 IN ${family} ${host}`, `s=${sessionName}`, `c=IN ${family} ${host}`, 't=0 0'];
  media.forEach((track, index) => {
    lines.push(`m=${track.kind} 0 RTP/AVP ${track.payloadType}`, ...track.lines, `a=control:trackID=${index}`);
  });
  return `${lines.join('\r\n')}\r\n`;
}
