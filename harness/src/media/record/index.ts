// Recording a stream from a media server.

export { type Recorder, type RecordFacts, type RecordOptions, type RecordRequest, startRecorder } from './recorder.ts';
