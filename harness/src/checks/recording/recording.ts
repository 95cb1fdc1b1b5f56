// A recorded stream: its length, tracks, sync, frames, holes, timestamps and pictures, as measured after it has ended.

import { z } from 'zod';
import { mustDemand } from '../../model/fields.ts';
import type { CheckKind } from '../../model/kinds.ts';
import type { Measurements, MeasureName } from '../../model/measurements.ts';
import type { RecordingStatus } from '../../model/ports.ts';
import { combine } from '../combine.ts';
import { cannotTell } from '../words.ts';
import { avSyncDemand } from './av-sync.ts';
import { contentSyncDemand } from './content-sync.ts';
import { durationDemand } from './duration.ts';
import { framesDemand } from './frames.ts';
import { gapsDemand } from './gaps.ts';
import type { MeasureDemand } from './measure-demand.ts';
import { qualityDemand } from './quality.ts';
import { streamsDemand } from './streams.ts';
import { timestampsDemand } from './timestamps.ts';

const schema = z
  .strictObject({
    recording: z.string().min(1).describe('A recording that a `record` step of this case has made, by its name'),
    duration: durationDemand.schema.optional(),
    streams: streamsDemand.schema.optional(),
    'av-sync': avSyncDemand.schema.optional(),
    'content-sync': contentSyncDemand.schema.optional(),
    frames: framesDemand.schema.optional(),
    gaps: gapsDemand.schema.optional(),
    timestamps: timestampsDemand.schema.optional(),
    quality: qualityDemand.schema.optional(),
  })
  .superRefine(
    mustDemand(
      (input) => asked(input).length > 0,
      'says nothing that must be true of the recording: add `streams`, `frames`, `content-sync` or another measure',
    ),
  );

type RecordingInput = z.output<typeof schema>;

interface RecordingObservation {
  status?: RecordingStatus;
  measurements?: Measurements;
}

// biome-ignore lint/suspicious/noExplicitAny: a list of demands of different inputs; each one's own schema guards its input
const DEMANDS: MeasureDemand<any>[] = [
  durationDemand,
  streamsDemand,
  avSyncDemand,
  contentSyncDemand,
  framesDemand,
  gapsDemand,
  timestampsDemand,
  qualityDemand,
];

export const recordingCheck: CheckKind<RecordingInput, RecordingObservation> = {
  key: 'recording',
  docs: {
    summary:
      'A recording that has ended (`finish` or `stop` it first): its length, tracks, frames, sync, holes, timestamps and pictures. What cannot be measured is inconclusive; a measured defect is a failure.',
    example:
      '- expect:\n    - recording: output\n      streams: { video: h264, audio: aac }\n      content-sync: { within: ebu, drift-below: 17ppm }\n      frames: { lost: 0, duplicated: 0 }',
  },
  schema,
  describe: (input) =>
    `recording ${input.recording}: ${asked(input)
      .map((demand) => demand.describe(input[demand.name]))
      .join(', ')}`,
  uses: ({ recording }) => [{ kind: 'recording', name: recording, path: ['recording'] }],
  // There is nothing to measure before it has ended.
  continuous: false,
  async observe(input, ports, _window, signal) {
    const status = ports.recordings.status(input.recording);
    if (status?.state !== 'ended' && status?.state !== 'stopped') return status ? { status } : {};
    const wanted = asked(input).map(({ name }) => name);
    return { status, measurements: await ports.recordings.measure(input.recording, wanted, signal) };
  },
  judge({ status, measurements }, input) {
    const subject = `recording ${input.recording}`;
    if (!measurements) return cannotTell(recordingCheck.describe(input), ...whyNotMeasured(status));
    const findings = asked(input).flatMap((demand) => demand.judge(measurements, input[demand.name]));
    const named = findings.map((one) =>
      one.figure ? { ...one, figure: { ...one.figure, name: `${input.recording} · ${one.figure.name}` } } : one,
    );
    return { ...combine(subject, named), detail: { findings, file: measurements.file } };
  },
};

function asked(input: Partial<Record<MeasureName, unknown>>): typeof DEMANDS {
  return DEMANDS.filter(({ name }) => input[name] !== undefined);
}

function whyNotMeasured(status: RecordingStatus | undefined): [seen: string, hint?: string] {
  if (!status) return ['there is no such recording', 'start it with a `record` step of the same case'];
  switch (status.state) {
    case 'waiting':
      return ['nothing was recorded: the stream was never readable', 'see in the logs why nothing was published there'];
    case 'failed':
      return [`recording failed: ${status.problem ?? 'for an unknown reason'}`];
    default:
      return ['it is still being recorded', '`finish` it (the stream ends by itself) or `stop` it before measuring'];
  }
}
