// The door of media: fixtures, FFmpeg, publishing, recording, probing and measuring.

export * from './ffmpeg/index.ts';
export * from './fixture/index.ts';
export * from './measure/index.ts';
export * from './preview/index.ts';
export * from './probe/index.ts';
export * from './publish/index.ts';
export * from './record/index.ts';
