import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';
import { WorkerFailure } from '../src/exit-codes.ts';
import { createMetrics } from '../src/metrics.ts';
import { describeSource, findUnsupported, readAnswer } from '../src/rtsp-probe.ts';
import { RetrySchedule } from '../src/source-watch.ts';

const REQUIRED = {
  RTSP_URL: 'rtsp://relay:8554/live/test/in',
  RTMP_URL: 'rtmp://relay:1935/live/test/out',
  STS_URL: 'http://sts:8080',
};

describe('configuration', () => {
  it('has the documented defaults', () => {
    expect(readConfig(REQUIRED)).toMatchObject({
      host: '127.0.0.1',
      port: 8000,
      streamId: 'live-test-in',
      sourceRetryLimit: 3,
      segmentDurationMs: 6000,
      fragmentFormat: 'm4a',
      fragmentTimeoutMs: 8000,
      maxInflight: 3,
      breakerFailures: 5,
      breakerCooldownMs: 30_000,
    });
  });

  it('lets an allocated port win over the one that is named', () => {
    expect(readConfig({ ...REQUIRED, METRICS_PORT: '8000', PORT_8000: '40123' }).port).toBe(40_123);
  });

  it('reads unlimited retries, and treats empty variables as unset', () => {
    expect(readConfig({ ...REQUIRED, SOURCE_RETRY_LIMIT: 'unlimited', MAX_INFLIGHT: '' })).toMatchObject({
      sourceRetryLimit: 'unlimited',
      maxInflight: 3,
    });
  });

  it('names every variable that is wrong, in one line', () => {
    const wrong = { ...REQUIRED, RTSP_URL: 'http://x', MAX_INFLIGHT: 'three', SOURCE_RETRY_LIMIT: '-1' };
    let failure: unknown;
    try {
      readConfig(wrong);
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(WorkerFailure);
    expect(failure).toMatchObject({ exitCode: 2 });
    const { message } = failure as WorkerFailure;
    for (const name of ['RTSP_URL', 'MAX_INFLIGHT', 'SOURCE_RETRY_LIMIT']) expect(message).toContain(name);
    expect(message).not.toContain('\n');
  });
});

describe('metrics', () => {
  it('are all there from the start, at zero', async () => {
    const text = await createMetrics().registry.metrics();
    for (const line of [
      'worker_audio_fragments_total{status="sent"} 0',
      'worker_audio_fragments_total{status="processed"} 0',
      'worker_audio_fragments_total{status="fallback"} 0',
      'worker_fallback_total{reason="timeout"} 0',
      'worker_fallback_total{reason="error"} 0',
      'worker_fallback_total{reason="circuit_open"} 0',
      'worker_fallback_total{reason="disconnected"} 0',
      'worker_inflight_fragments 0',
      'worker_sts_breaker_state 0',
      'worker_backpressure_events_total{action="slow_down"} 0',
      'worker_backpressure_events_total{action="pause"} 0',
      'worker_backpressure_events_total{action="none"} 0',
      'worker_reconnection_total 0',
      'worker_av_sync_delta_ms_count 0',
      'worker_sts_rtt_ms_count 0',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
  });

  it('tell the memory and the start of the process', async () => {
    const text = await createMetrics().registry.metrics();
    const value = (name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(10e6);
    expect(value('process_start_time_seconds')).toBeCloseTo(Date.now() / 1000 - process.uptime(), 0);
  });
});

describe('RTSP probe', () => {
  const sdp =
    'v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/48000/2\r\n';
  const answer = (status: string, body = ''): Buffer =>
    Buffer.from(`RTSP/1.0 ${status}\r\nCSeq: 1\r\nContent-Length: ${body.length}\r\n\r\n${body}`);

  it('reads an answer only when it is complete', () => {
    const whole = answer('200 OK', sdp);
    for (let length = 0; length < whole.length; length += 1)
      expect(readAnswer(whole.subarray(0, length))).toBeUndefined();
    expect(readAnswer(whole)).toEqual({ kind: 'present', sdp });
  });

  it('takes refusals for absence, and leaves what needs more than a question to ffmpeg', () => {
    expect(readAnswer(answer('404 Not Found'))).toEqual({ kind: 'absent', why: 'RTSP/1.0 404 Not Found' });
    expect(readAnswer(answer('503 Service Unavailable'))).toMatchObject({ kind: 'absent' });
    expect(readAnswer(answer('401 Unauthorized'))).toEqual({ kind: 'present', sdp: undefined });
    expect(readAnswer(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))).toMatchObject({ kind: 'absent' });
  });

  it('says what is missing from a stream that cannot be dubbed', () => {
    expect(findUnsupported(sdp)).toBeUndefined();
    expect(findUnsupported(sdp.replace(/m=audio[\s\S]*/, ''))).toBe('audio track required for dubbing');
    expect(findUnsupported(sdp.replace(/m=video[\s\S]*(?=m=audio)/, ''))).toBe('video track required');
    expect(findUnsupported(sdp.replace('H264', 'H265'))).toBe('video codec H265 is not supported: H264 is');
  });

  it('notices a server that holds its answer, and still gets it', async () => {
    const server = createServer((socket) => {
      socket.once('data', () => setTimeout(() => socket.write(answer('200 OK', sdp)), 300));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    let held = 0;
    const result = await describeSource(`rtsp://127.0.0.1:${port}/live/in`, {
      signal: new AbortController().signal,
      onHeld: () => {
        held += 1;
      },
    });
    expect(result).toEqual({ kind: 'present', sdp });
    expect(held).toBe(1);
    await new Promise((resolve) => server.close(resolve));
  });

  it('finds nothing, without failing, where nobody listens', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const result = await describeSource(`rtsp://127.0.0.1:${port}/x`, {
      signal: new AbortController().signal,
      onHeld: () => {},
    });
    expect(result).toMatchObject({ kind: 'absent' });
  });
});

describe('retry schedule of the source', () => {
  it('retries after 1, 2 and 4 s, then is exhausted', () => {
    const schedule = new RetrySchedule(3, 100);
    const due: [number, number | 'exhausted'][] = [];
    for (let step = 0; step < 4; step += 1) due.push([schedule.nextAt, schedule.advance()]);
    expect(due.slice(0, 3)).toEqual([
      [1100, 1],
      [3100, 2],
      [7100, 3],
    ]);
    expect(due[3]?.[1]).toBe('exhausted');
    expect(due[3]?.[0]).toBeLessThan(7500);
  });

  it('never ends when unlimited, at most 30 s apart', () => {
    const schedule = new RetrySchedule('unlimited', 0);
    let before = 0;
    for (let step = 1; step < 100; step += 1) {
      expect(schedule.nextAt - before).toBeLessThanOrEqual(30_000);
      before = schedule.nextAt;
      expect(schedule.advance()).toBe(step);
    }
  });
});
