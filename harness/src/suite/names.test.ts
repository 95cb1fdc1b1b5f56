// Names that a suite uses: services, ports, fixtures, recordings, publishers.

import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { StepKind } from '../model/kinds.ts';
import { addressProblem } from './addresses.ts';
import type { Known } from './known.ts';
import { CHECK, parseSample, problemsOf, sampleRegistry, suiteWith } from './testing/sample-kinds.ts';

const known: Known = {
  services: [
    { name: 'mediamtx', ports: [8554, 1935], hasMetrics: false },
    { name: 'worker', ports: [8000], hasMetrics: true },
  ],
  fixtures: ['one-minute', 'half-minute'],
};
const check = (steps: string): string[] => problemsOf(suiteWith(`${steps}\n${CHECK}`), { known });

describe('what needs containers', () => {
  const crowd: StepKind<string> = {
    key: 'crowd',
    docs: { summary: 'A sample.', example: '' },
    schema: () => z.string(),
    describe: (name) => `crowd ${name}`,
    needs: () => 'containers',
    run: async () => {},
  };
  const registry = { ...sampleRegistry, steps: [...sampleRegistry.steps, crowd] };
  const on = (runtime: 'embedded' | 'compose', only = '') =>
    problemsOf(suiteWith(`- crowd: worker\n${CHECK}`).replace('    steps:', `${only}    steps:`), {
      ...{ registry, known: { ...known, runtime } },
    });

  test('is an error on the embedded runtime, at its place', () => {
    expect(on('embedded')).toEqual([
      expect.stringMatching(/^6:\d+ this `crowd` needs containers .*--runtime compose.*only-on/),
    ]);
  });

  test('is none on the compose runtime, nor in a case that is only for it', () => {
    expect(on('compose')).toEqual([]);
    expect(on('embedded', '    only-on: { runtime: compose, reason: it needs a kernel }\n')).toEqual([]);
    expect(on('embedded', '    only-on: { runtime: embedded, reason: a mistake }\n')).toHaveLength(1);
  });
});

describe('names from outside the suite', () => {
  test('are accepted when they exist', () => {
    expect(check('- publish: { fixture: one-minute, to: "rtsp://mediamtx:8554/live" }')).toEqual([]);
  });

  test('of services in addresses', () => {
    expect(check('- record: { from: "rtsp://mediamtxx:8554/live", as: r }')).toEqual([
      '6:25 unknown service `mediamtxx` in `rtsp://mediamtxx:8554/live` [did you mean `mediamtx`?]',
    ]);
  });

  test('of fixtures', () => {
    expect(check('- publish: { fixture: one-minutes, to: "rtsp://mediamtx:8554/live" }')).toEqual([
      '6:29 unknown fixture `one-minutes` [did you mean `one-minute`?]',
    ]);
  });

  test('of services with metrics', () => {
    expect(problemsOf(suiteWith('- expect: { metric: m, of: wroker }'), { known })).toEqual([
      '6:34 unknown service `wroker` [did you mean `worker`?]',
    ]);
    expect(problemsOf(suiteWith('- expect: { metric: m, of: mediamtx }'), { known })).toEqual([
      '6:34 the service `mediamtx` has no metrics address [services with metrics: worker (x-testcard.metrics)]',
    ]);
  });

  test('of services that are changed', () => {
    const head = 'environment: e\nservices: { wroker: { environment: { A: 1 } } }';
    expect(problemsOf(suiteWith(CHECK, head), { known })).toEqual([
      '3:13 unknown service `wroker` [did you mean `worker`?]',
    ]);
  });

  test('come from the environment that the suite names', () => {
    const asked: string[] = [];
    const knownOf = (ref: string) => {
      asked.push(ref);
      return known;
    };
    expect(problemsOf(suiteWith('- expect: { metric: m, of: wroker }'), { knownOf })).toHaveLength(1);
    expect(asked).toEqual(['e']);
  });

  test('an environment that is not there is a problem at its place', () => {
    const problem = {
      severity: 'error' as const,
      message: 'no such environment',
      position: { file: '', line: 1, col: 1 },
    };
    expect(problemsOf(suiteWith(CHECK), { knownOf: () => problem })).toEqual(['2:14 no such environment']);
  });

  test('are not checked when nothing is known', () => {
    expect(problemsOf(suiteWith(`- publish: { fixture: x, to: "rtsp://nobody:1/x" }\n${CHECK}`))).toEqual([]);
  });
});

describe('an address', () => {
  test.each([
    ['rtsp://mediamtx:8554/live', undefined],
    ['rtsp://user:secret@mediamtx:8554/live', undefined],
    ['rtmp://mediamtx/live', undefined],
    ['http://example.com/x', undefined],
    ['http://127.0.0.1:99/x', undefined],
    ['http://localhost:99/x', undefined],
    ['http://[::1]:99/x', undefined],
    ['rtsp://mediamtx/live', 'mediamtx does not listen on port 554'],
    ['rtsp://mediamtx:8555/live', 'mediamtx does not listen on port 8555'],
    ['rtsp://mediamtx:port/live', '`port` in'],
    ['rtsp://:8554/live', 'names no host'],
    ['mediamtx:8554', 'is not an address'],
  ])('%s', (address, expected) => {
    const problem = addressProblem(address, known.services);
    if (expected === undefined) expect(problem).toBeUndefined();
    else expect(problem?.message).toContain(expected);
  });
});

describe('names that steps define', () => {
  const record = '- record: { from: "rtsp://mediamtx:8554/x", as: output }';

  test('can be used afterwards, also from inside other steps', () => {
    expect(check(`${record}\n- parallel:\n    - finish: output\n- expect: { recording: output }`)).toEqual([]);
  });

  test('are suggested when misspelt', () => {
    expect(check(`${record}\n- finish: outptu\n- expect: { recording: ouput }`)).toEqual([
      '7:17 unknown publisher or recording `outptu` [did you mean `output`?]',
      '8:30 unknown recording `ouput` [did you mean `output`?]',
    ]);
  });

  test('cannot be used before', () => {
    expect(check(`- expect: { recording: output }\n${record}`)).toEqual([
      '6:30 `output` is used before it is started [move the step that starts it up]',
    ]);
  });

  test('are not reported as unknown when the step that defines them is broken', () => {
    expect(check('- record: { frm: "rtsp://mediamtx:8554/x", as: output }\n- finish: output')).toEqual([
      '6:19 unknown key `frm` in `record` [did you mean `from`?]',
    ]);
  });

  test('a publisher is called like its fixture unless told otherwise', () => {
    const publish = '- publish: { fixture: one-minute, to: "rtsp://mediamtx:8554/x"';
    expect(check(`${publish} }\n- finish: one-minute`)).toEqual([]);
    expect(check(`${publish}, as: camera }\n- finish: one-minute`)).toHaveLength(1);
  });

  test('belong to their case', () => {
    const text = `${suiteWith(`${record}\n${CHECK}`)}  - case: second\n    steps:\n      - finish: output\n      ${CHECK}\n`;
    expect(problemsOf(text)).toEqual([expect.stringMatching(/^10:17 unknown publisher or recording `output`/)]);
  });

  test('promises that hold throughout may name a recording of the case', () => {
    const text = `suite: s\nenvironment: e\ncases:\n  - case: c\n    throughout: { recording: output }\n    steps:\n      ${record}\n`;
    expect(problemsOf(text)).toEqual([]);
    expect(parseSample(text.replace('recording: output', 'recording: outpt')).problems).toHaveLength(1);
  });
});
