// The door to FFmpeg: finding it, running it, and saying why it failed.

export { installCommand, type Tool } from './locate.ts';
export type { FfmpegProgress } from './progress.ts';
export { runTool, startTool, type ToolOptions, type ToolProcess, type ToolResult, toolFailed } from './run-tool.ts';
