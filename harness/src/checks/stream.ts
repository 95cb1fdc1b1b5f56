// A live stream: whether it can be read, and with which codecs.

import { z } from 'zod';
import type { CheckKind } from '../model/kinds.ts';
import { patternField } from '../model/matcher.ts';
import { describePattern, type Pattern, patternHolds } from '../model/pattern.ts';
import type { StreamProbe } from '../model/ports.ts';
import { combine, type Finding } from './combine.ts';

/** A keyframe and both tracks of a stream that is there are read well within this. */
const PROBE_MS = 5_000;

interface StreamInput {
  stream: string;
  readable?: boolean | undefined;
  video?: Pattern | undefined;
  audio?: Pattern | undefined;
}

const codecField = (kind: string) =>
  patternField
    .optional()
    .describe(`Codec of the ${kind}, in FFmpeg's words (h264, aac); \`none\` when there must be no ${kind}`);

const schema = z
  .strictObject({
    stream: z
      .string()
      .regex(/^[a-z][a-z0-9+.-]*:\/\/[^/]+/i, { error: 'a URL as the services see it, such as rtsp://relay:8554/live' })
      .describe('URL of the stream, as the services see it'),
    readable: z.boolean().optional().describe('Whether it can be read now. Default true'),
    video: codecField('picture'),
    audio: codecField('sound'),
  })
  .refine((input) => input.readable !== false || (input.video === undefined && input.audio === undefined), {
    error: 'a stream that cannot be read has no codecs: leave `video` and `audio` out',
  });

export const streamCheck: CheckKind<StreamInput, StreamProbe> = {
  key: 'stream',
  docs: {
    summary:
      'A live stream: whether it can be read within 5 s, and with which codecs. Without matchers it must be readable.',
    example: '- eventually:\n    within: 10s\n    stream: rtmp://relay:1935/live/out\n    video: h264\n    audio: aac',
  },
  schema,
  describe: (input) => `stream ${input.stream}: ${describeDemands(input)}`,
  uses: ({ stream }) => [{ kind: 'url', name: stream, path: ['stream'] }],
  observe: ({ stream }, ports, _window, signal) => ports.streams.probe(stream, PROBE_MS, signal),
  // One look opens a connection and reads up to a keyframe: too slow and too intrusive to repeat all through a case.
  continuous: false,
  judge(seen, input) {
    const wanted = input.readable ?? true;
    const saw = seen.readable
      ? `readable, with video ${seen.video ?? 'none'} and audio ${seen.audio ?? 'none'}`
      : `not readable${seen.reason === undefined ? '' : `: ${seen.reason}`}`;
    const findings: Finding[] = [
      {
        verdict: seen.readable === wanted ? 'passed' : 'failed',
        expected: wanted ? 'readable' : 'not readable',
        seen: saw,
      },
    ];
    for (const kind of ['video', 'audio'] as const) {
      const pattern = input[kind];
      if (!pattern || !seen.readable) continue;
      findings.push({
        verdict: patternHolds(pattern, seen[kind] ?? 'none') ? 'passed' : 'failed',
        expected: `${kind} ${describePattern(pattern)}`,
        seen: `${kind} is ${seen[kind] ?? 'none'}`,
      });
    }
    return { last: seen.readable ? 'readable' : 'not readable', ...combine(`stream ${input.stream}`, findings) };
  },
};

function describeDemands({ readable = true, video, audio }: StreamInput): string {
  return [
    readable ? 'readable' : 'not readable',
    ...(video ? [`video ${describePattern(video)}`] : []),
    ...(audio ? [`audio ${describePattern(audio)}`] : []),
  ].join(', ');
}
