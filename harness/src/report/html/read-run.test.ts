import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TimelineEvent } from '../../model/timeline.ts';
import { openStoredRun } from '../stored-run.ts';
import type { SeriesBlock, TimelineMarks } from './page-data.ts';
import { type PageParts, readRun } from './read-run.ts';
import { BROKEN_MS, type MadeRun, makeRun, ZERO_MS } from './testing/make-run.ts';

let folder: string;
let run: MadeRun;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'testcard-read-run-'));
  run = makeRun(join(folder, 'reports'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const unpack = ({ chunks }: PageParts, name: string): string =>
  gunzipSync(Buffer.from(chunks.get(name) ?? '', 'base64')).toString('utf8');
const marksOf = (parts: PageParts, index = 0): TimelineMarks =>
  JSON.parse(unpack(parts, parts.page.timelines[index]?.marks ?? ''));

describe('readRun', () => {
  it('tells the story of what failed, with what happened within two seconds and what was said', async () => {
    const { page } = await readRun(openStoredRun(run.folder));
    const [broken, well] = page.suites[0]?.cases ?? [];
    expect(broken?.story).toMatchObject({
      promised: 'worker_chunks_total{status="processed"} of worker: increases by at least 10',
      seen: 'increased by 7, 3 too low (1 → 8) by +18.3 s',
      when: { inCaseMs: BROKEN_MS - ZERO_MS },
      place: { file: 'suites/link-loss.suite.yaml' },
    });
    expect(broken?.story?.meanwhile.map(({ text }) => text)).toEqual([
      expect.stringContaining('out of memory'),
      'speech exited, killed by SIGKILL',
      expect.stringContaining('closed the connection'),
      'speech starting, restart 1',
    ]);
    expect(broken?.story?.said.every(({ offsetMs }) => Math.abs(offsetMs) <= 2_000)).toBe(true);
    expect(broken?.story?.evidence[0]).toMatchObject({ path: 'suites/link-loss/timeline.ndjson' });
    expect(broken?.story?.earlier.map(({ text, count }) => [text, count])).toEqual([
      ['connection to speech lost reason=reset attempt=1', 1],
      ['reconnection attempt failed attempt=2 next_ms=4000', 1],
    ]);
    expect(broken?.story?.graph).toMatchObject({
      kind: 'steps',
      label: 'worker_chunks_total{status="processed"}',
      fromMs: 0,
      limits: [{ value: 11, name: 'at least 11' }],
    });
    expect(broken?.story?.defects).toEqual([{ offsetMs: -200, text: 'output: sound missing for 1.24s' }]);
    expect(well?.story).toBeUndefined();
    expect(well?.isFlaky).toBe(true);
  });

  it('puts every kind of event on the axis of its case', async () => {
    const [kase] = marksOf(await readRun(openStoredRun(run.folder))).cases;
    expect(kase?.steps.map(({ verdict }) => verdict)).toEqual(['passed', 'passed', 'passed', 'failed']);
    expect(kase?.steps.at(-1)?.waits.map(({ last }) => last)).toEqual([6, 7]);
    expect(kase?.phases).toEqual([{ name: 'outage', fromMs: 10_000, toMs: 29_800 }]);
    expect(kase?.faults).toEqual([
      {
        fault: `${run.case}-1`,
        kind: 'network.cut',
        title: 'cut worker ↔ speech',
        askedMs: 10_100,
        injectedMs: 10_150,
        provenMs: 10_190,
        proof: 'a connection of Testcard’s own: refused',
        revertingMs: 16_150,
        revertedMs: 16_210,
        revertProof: 'a connection of Testcard’s own: connected after 2 ms',
      },
    ]);
    expect(kase?.activities.map(({ name, fromMs, toMs }) => [name, fromMs, toMs])).toEqual([
      ['output', 3_050, 26_900],
      ['half-minute', 3_400, 29_800],
    ]);
    expect(kase?.named).toEqual([
      { service: 'worker', metric: 'worker_chunks_total{status="processed"}' },
      { service: 'worker', metric: 'worker_in_flight' },
    ]);
  });

  it('puts what a recording shows where it is to be seen, not where it was found out', async () => {
    const [kase] = marksOf(await readRun(openStoredRun(run.folder))).cases;
    const lost = kase?.checks.find(({ expected }) => expected === 'no frame lost');
    expect(lost).toMatchObject({ atMs: 4_200 + 11_500, judgedMs: 29_100 });
    expect(kase?.recordings[0]).toMatchObject({ firstPacketMs: 4_200, firstTimestampMs: 10_000 });
  });

  it('keeps states of services as stretches without holes', async () => {
    const { services } = marksOf(await readRun(openStoredRun(run.folder)));
    const speech = services.find(({ service }) => service === 'speech')?.spans;
    expect(speech?.map(({ state }) => state)).toEqual(['starting', 'ready', 'exited', 'starting', 'ready']);
    expect(speech?.slice(1).map(({ fromMs }, index) => fromMs - (speech[index]?.toMs ?? 0))).toEqual([0, 0, 0, 0]);
  });

  it('keeps every sample and every line', async () => {
    const parts = await readRun(openStoredRun(run.folder));
    const { metrics, log } = marksOf(parts);
    const head = metrics[0]?.series.find(({ name }) => name === 'worker_chunks_total{status="sent"}');
    const block: SeriesBlock = JSON.parse(unpack(parts, head?.chunk ?? ''));
    const series = block.series[head?.index ?? 0];
    expect(series?.values).toHaveLength(144);
    expect(series?.values.at(-1)).toBe(24);
    expect(block.times.reduce((sum, step) => sum + step, 0)).toBe(37_757);
    const rows = unpack(parts, log?.chunk ?? '').split('\n');
    expect(rows).toHaveLength(log?.lines ?? 0);
    expect(rows.filter((row) => row.split('\t')[2] === '3')).toHaveLength(2);
  });

  it('shows the suite as it was when it ran', async () => {
    const suites = join(folder, 'suites');
    mkdirSync(suites);
    writeFileSync(join(suites, 'link-loss.suite.yaml'), 'suite: another by now\n');
    const [source] = marksOf(await readRun(openStoredRun(run.folder))).sources;
    expect(source).toMatchObject({ file: 'suites/link-loss.suite.yaml', isStored: true });
    expect(source?.text).toContain('suite: link-loss');
  });

  it('leaves nothing green of a run that was killed', async () => {
    const timeline = join(run.folder, 'suites', run.suite, 'timeline.ndjson');
    rmSync(join(run.folder, 'results.json'));
    const lines = readFileSync(timeline, 'utf8').trimEnd().split('\n');
    writeFileSync(timeline, `${lines.slice(0, 60).join('\n')}\n${lines[60]?.slice(0, 20)}`);
    const started = lines.map((line) => JSON.parse(line) as TimelineEvent).find(({ type }) => type === 'case-started');
    const begun = started?.type === 'case-started' ? { case: started.case, title: started.title } : undefined;
    const of = { priority: 'P1', tags: [], at: 'suites/link-loss.suite.yaml:1' };
    const selection = [
      {
        ...{ suite: run.suite, name: run.suite, file: 'suites/link-loss.suite.yaml', digest: '' },
        cases: [
          { ...begun, ...of },
          { case: 'later', title: 'later', ...of },
        ],
      },
    ];
    writeFileSync(
      join(run.folder, 'run.json'),
      JSON.stringify({
        format: 2,
        run: 'r',
        command: 'testcard run',
        startedAtMs: 0,
        runtime: 'embedded',
        overrides: [],
        repeat: 1,
        minPass: 1,
        retry: 0,
        selection,
      }),
    );
    const { page } = await readRun(openStoredRun(run.folder));
    expect(page.run).toMatchObject({ verdict: 'inconclusive', exitCode: 3 });
    expect(page.suites[0]?.cases.map(({ verdict }) => verdict)).toEqual(['inconclusive', 'inconclusive']);
    expect(page.suites[0]?.cases[1]).toMatchObject({ title: 'later', priority: 'P1' });
    expect(page.run.notes.join(' ')).toContain('the run did not end by itself');
  });
});
