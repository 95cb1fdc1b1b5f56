// The door of environment/: what a Compose file says, and where its addresses lead.

export { checkAddress } from './address-map.ts';
export { findEnvironment, listEnvironments } from './find-environment.ts';
export { type LoadedEnvironment, loadEnvironment, requireEnvironment } from './load-environment.ts';
