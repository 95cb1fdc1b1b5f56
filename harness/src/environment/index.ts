// The door of environment/: which Compose file is meant, and what it says.

export { findEnvironment } from './find-environment.ts';
export { linksOfUse } from './links.ts';
export { loadEnvironment, requireEnvironment } from './load-environment.ts';
