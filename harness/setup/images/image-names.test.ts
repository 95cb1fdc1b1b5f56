import { expect, test } from 'vitest';
import { goRecipe } from './go-images.ts';
import { registryHost } from './registry.ts';

test.each([
  ['bluenviron/mediamtx:1.20.1', 'github.com/bluenviron/mediamtx', '1.20.1'],
  ['ghcr.io/shopify/toxiproxy:2.12.0', 'github.com/Shopify/toxiproxy/v2', '2.12.0'],
])('%s can be built from its Go module', (image, module, version) => {
  expect(goRecipe(image)).toMatchObject({ recipe: { module }, version });
});

test.each(['redis:7.2.4', 'someone/mediamtx-fork:1.0.0', 'bluenviron/mediamtx:latest'])(
  '%s cannot: no such recipe, or no version to build',
  (image) => expect(goRecipe(image)).toBeUndefined(),
);

test.each([
  ['debian:bookworm-slim', 'docker.io'],
  ['shopify/toxiproxy:2.12.0', 'docker.io'],
  ['ghcr.io/shopify/toxiproxy:2.12.0', 'ghcr.io'],
  ['localhost:5000/web', 'localhost:5000'],
])('%s is pulled from %s', (image, host) => expect(registryHost(image)).toBe(host));
