// The door to measuring: from a recording to Measurements.

export type { Published } from './analyse-frames.ts';
export { type Calibration, calibrate } from './calibrate.ts';
export { type MeasureOptions, measureRecording } from './measure-recording.ts';
