// Publishing a fixture to a media server.

export type { PublishFacts, PublishOptions, PublishRequest } from './publish-once.ts';
export { type Publisher, startPublisher } from './publisher.ts';
