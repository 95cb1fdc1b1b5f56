// `testcard measure`: the media measures on any recording or live stream.

import { Command, InvalidArgumentError } from 'commander';
import { measureTarget } from '../../assembly/measure.ts';
import { parseDurationMs } from '../../base/duration.ts';
import { MEASURE_NAMES, type MeasureName } from '../../model/measurements.ts';
import { renderMeasurements } from '../../report/measurements.ts';
import { interruptSignal } from '../interrupt.ts';

interface MeasureOptions {
  only?: MeasureName[];
  fixture?: string;
  for: number;
  json: boolean;
}

export function command(): Command {
  return new Command('measure')
    .description(
      'Measure a recording, or a live stream recorded for a while. Offsets are sound minus picture: + means the sound is late.',
    )
    .argument('<file-or-url>', 'a media file (FLV, MP4, MKV, TS, NUT …), or rtsp:// or rtmp://')
    .option('--only <list>', `some of ${MEASURE_NAMES.join(', ')} (default: all)`, measures)
    .option('--fixture <name>', 'what was published, to compare with: losses at the ends, picture quality, calibration')
    .option('--for <duration>', 'how long to record a live stream', duration, 10_000)
    .option('--json', 'print everything as JSON', false)
    .addHelpText(
      'after',
      `
Examples:
  testcard measure output.flv
  testcard measure output.flv --only timestamps,av-sync
  testcard measure output.flv --fixture one-minute --json > measurements.json
  testcard measure rtsp://127.0.0.1:8554/live/test/in --for 20s
  testcard measure rtmp://mediamtx:1935/live/test/out    (in an environment that testcard up --detach started)`,
    )
    .action(async (target: string, options: MeasureOptions) => {
      const say = (line: string) => process.stderr.write(`testcard: ${line}\n`);
      const measurements = await measureTarget(
        target,
        { wanted: options.only ?? [...MEASURE_NAMES], fixture: options.fixture, forMs: options.for },
        interruptSignal,
        say,
      );
      process.stdout.write(
        options.json ? `${JSON.stringify(measurements, null, 2)}\n` : `${renderMeasurements(measurements)}\n`,
      );
    });
}

function measures(text: string): MeasureName[] {
  return text.split(',').map((part) => {
    const name = MEASURE_NAMES.find((each) => each === part.trim());
    if (!name) throw new InvalidArgumentError(`expected some of ${MEASURE_NAMES.join(', ')}.`);
    return name;
  });
}

function duration(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined || ms < 1_000 || ms > 3_600_000)
    throw new InvalidArgumentError('expected a duration from 1s to 1h, e.g. 20s.');
  return ms;
}
