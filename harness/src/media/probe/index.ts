// Looking at a stream.

export { probeStream } from './probe-stream.ts';
