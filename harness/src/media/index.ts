// The door of media: fixtures, FFmpeg, publishing, recording, probing and measuring.

export * from './ffmpeg/index.ts';
