// The door of environment/: which Compose file is meant, and what it says.

export { findEnvironment } from './find-environment.ts';
export { loadEnvironment, requireEnvironment } from './load-environment.ts';
