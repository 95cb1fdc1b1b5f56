// Looking at a stream.

export { probeStream } from './probe-stream.ts';
export { createStreamLooks } from './stream-looks.ts';
