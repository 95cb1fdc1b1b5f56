// Faults of media on a real stream through a real relay: what they claim is seen by reading it, and what does nothing is never proven.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { poll } from '../base/poll.ts';
import { faultKinds } from '../faults/index.ts';
import { buildFixture, createStreamLooks, type Fixture, parseRecipe, startPublisher } from '../media/index.ts';
import { startRelay, type TestRelay } from '../media/testing/relay.ts';
import type { AnyFaultKind, FaultPorts, Proof } from '../model/faults.ts';
import { type MediaFault, mediaFaultSchemas } from '../model/media-fault.ts';

const never = new AbortController().signal;
let folder: string;
let relay: TestRelay;
let card: Fixture;
/** Says yes to every fault and breaks nothing. */
let liar: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'testcard-media-faults-'));
  const text =
    'duration: 60s\nvideo: { size: 640x360, rate: 15, keyframe-every: 5, bitrate-kbps: 800 }\naudio: { rate: 48000, channels: 2, bitrate-kbps: 96 }';
  [relay, card] = await Promise.all([
    startRelay(),
    buildFixture(parseRecipe(text, join(folder, 'card.yaml')), { signal: never }),
  ]);
  liar = createServer(async (request, response) => {
    const isFault = request.url?.startsWith('/v3/faults');
    const told = isFault ? { status: 201, text: async () => '{}' } : await fetch(`${relay.api}${request.url}`);
    response.writeHead(told.status, { 'content-type': 'application/json' }).end(await told.text());
  }).listen(0, '127.0.0.1');
  await once(liar, 'listening');
}, 60_000);
afterAll(async () => {
  liar.close();
  await relay.kill();
  rmSync(folder, { recursive: true });
});

const portsWith = (api: string): FaultPorts => {
  const some: Partial<FaultPorts> = {
    clock: systemClock,
    resolve: (url) => url,
    mediaFaults: (service) => (service === 'relay' ? `${api}/v3/faults` : undefined),
    streams: createStreamLooks(),
  };
  return some as FaultPorts; // only what faults of media use
};

function kindOf(key: string): AnyFaultKind {
  const kind = faultKinds.find((each) => each.key === key);
  if (!kind) throw new Error(`there is no fault ${key}`);
  return kind;
}

async function shown(look: () => Promise<Proof>, withinMs: number): Promise<Proof> {
  let last: Proof = { holds: false, by: '', seen: 'nothing' };
  await poll(
    async () => {
      last = await look();
      return last.holds ? { done: true, value: last } : { done: false };
    },
    { withinMs, clock: systemClock },
  );
  return last;
}

const publish = async (url: string) => {
  const publisher = await startPublisher({ ...card, name: 'source', url }, { signal: never });
  publisher.ended.catch(() => {}); // some faults break it off
  return publisher;
};

const held = (stream: string): MediaFault[] => {
  const input = { service: 'relay', stream };
  return [
    { key: 'media.freeze-video', input },
    { key: 'media.drop-audio', input },
    { key: 'media.delay-audio', input: { ...input, delayMs: 300 } },
    { key: 'media.drop-packets', input: { ...input, every: 10 } },
  ];
};

const momentary = (stream: string): MediaFault[] => {
  const input = { service: 'relay', stream };
  return [
    { key: 'media.restart-timestamps', input },
    { key: 'media.disconnect', input },
  ];
};

describe.concurrent.each(['rtsp', 'rtmp'] as const)('a stream over %s', (protocol) => {
  it('shows each fault while it is on, and only then', { timeout: 120_000 }, async () => {
    const url = `${relay[protocol]}/live/true-${protocol}`;
    const publisher = await publish(url);
    const ports = portsWith(relay.api);
    for (const { key, input } of held(url)) {
      const kind = kindOf(key);
      const record = await kind.prepare(kind.schema.parse(input), ports, never);
      const askedAt = performance.now();
      await kind.inject(record, ports, never);
      expect(performance.now() - askedAt, `${key} is asked for at once`).toBeLessThan(500);
      const proof = await shown(() => kind.prove(record, ports, never), kind.provableWithinMs?.(record) ?? 0);
      expect(proof, key).toMatchObject({ holds: true });
      expect(await kind.proveReverted?.(record, ports, never), `${key} is still on`).toMatchObject({ holds: false });
      await kind.revert?.(record, ports, never);
      const after = await shown(
        async () => (await kind.proveReverted?.(record, ports, never)) as Proof,
        kind.revertedWithinMs?.(record) ?? 0,
      );
      expect(after, `${key} is over`).toMatchObject({ holds: true });
      expect(await kind.prove(record, ports, never), `${key} is over`).toMatchObject({ holds: false });
      await kind.revert?.(record, ports, never); // once more does no harm
    }
    for (const { key, input } of momentary(url)) {
      const kind = kindOf(key);
      const record = await kind.prepare(kind.schema.parse(input), ports, never);
      await kind.inject(record, ports, never);
      const proof = await shown(() => kind.prove(record, ports, never), kind.provableWithinMs?.(record) ?? 0);
      expect(proof, key).toMatchObject({ holds: true });
    }
    await publisher.stop(never);
  });

  it('does not show a fault that was asked for in vain', { timeout: 60_000 }, async () => {
    const url = `${relay[protocol]}/live/lie-${protocol}`;
    const publisher = await publish(url);
    const ports = portsWith(`http://127.0.0.1:${(liar.address() as AddressInfo).port}`);
    await systemClock.delay(1_600); // a younger stream is refused for restarted timestamps
    for (const { key, input } of [...held(url), ...momentary(url)]) {
      const kind = kindOf(key);
      const record = await kind.prepare(kind.schema.parse(input), ports, never);
      await kind.inject(record, ports, never);
      expect(await kind.prove(record, ports, never), key).toMatchObject({ holds: false });
    }
    await publisher.stop(never);
  });
});

describe('there is nothing to break', () => {
  it.each(Object.keys(mediaFaultSchemas))('%s, where nobody publishes or the service takes no faults', async (key) => {
    const kind = kindOf(key);
    const input = { stream: `${relay.rtsp}/live/nobody`, delayMs: 100, every: 10 };
    const unproven = { code: 'FAULT_UNPROVEN' };
    await expect(kind.prepare({ ...input, service: 'relay' }, portsWith(relay.api), never)).rejects.toMatchObject(
      unproven,
    );
    await expect(kind.prepare({ ...input, service: 'other' }, portsWith(relay.api), never)).rejects.toMatchObject({
      ...unproven,
      message: 'other takes no faults of media',
    });
  });
});
