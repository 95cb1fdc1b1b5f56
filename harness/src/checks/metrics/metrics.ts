// Everything that a service tells at its metrics address, taken together: the text itself, which metrics there are, and how they move.

import { nearest } from '../../base/nearest-name.ts';
import { TestcardError } from '../../model/errors.ts';
import type { CheckKind } from '../../model/kinds.ts';
import { describeFields, type FieldPatterns, fieldsHold, patternHolds } from '../../model/pattern.ts';
import type { CheckPorts, Exposition, Scrape, ServiceState, Window } from '../../model/ports.ts';
import { combine, type Finding } from '../combine.ts';
import { counted, sinceStart } from '../words.ts';
import { describeDemands, describeFamily, type FamilyDemand, type MetricsInput, metricsSchema } from './demand.ts';
import { type ExpositionFamily, type ReadExposition, readExposition } from './exposition.ts';
import { problemsOf } from './family-rules.ts';
import { type Survey, surveyCounters, surveyHistograms } from './histories.ts';

export interface MetricsObservation {
  fromMs: number;
  /** The text as it is now; absent when a time that is over is looked at, or the service did not answer. */
  exposition?: Exposition;
  /** Oldest first; the first is the baseline when it was taken at or before `fromMs`. */
  scrapes: Scrape[];
  /** When the service was started in that time. */
  startsAtMs: number[];
  /** Why it did not answer just now. */
  problem?: { message: string; hint?: string };
  /** State of the service at that moment. */
  state?: ServiceState;
}

const GONE: ServiceState[] = ['stopped', 'exited', 'failed'];
const PROBLEMS_SHOWN = 3;
/** Set apart from what the suite demands: the labels that the type itself brings. */
const LABELS_OF_TYPE: Record<string, string> = { histogram: 'le', summary: 'quantile' };

export const metricsCheck: CheckKind<MetricsInput, MetricsObservation> = {
  key: 'metrics',
  docs: {
    summary:
      'Everything at the metrics address of a service: whether the text is valid, which metrics there are with which type, labels and help, whether counters only grow and histograms agree with themselves. `valid` and `families` look at the text as it is at that moment, the other two at every sample since the case (or the phase) began.',
    example:
      '- expect:\n    - metrics: worker\n      valid: true\n      families:\n        jobs_total: { type: counter, labels: { status: [done, failed] }, help: true }\n        queue_length: { type: gauge, labels: none }\n    - metrics: worker\n      counters-never-fall: true\n      histograms-consistent: true',
  },
  schema: metricsSchema,
  describe: (input) => `metrics of ${input.metrics}: ${describeDemands(input)}`,
  uses: ({ metrics }) => [{ kind: 'metrics-of', name: metrics, path: ['metrics'] }],
  async observe(input, ports, window, signal) {
    const seen: MetricsObservation = { fromMs: window.fromMs, scrapes: [], startsAtMs: [] };
    if (window.toMs === undefined) {
      try {
        seen.exposition = await ports.metrics.exposition(input.metrics, signal);
      } catch (error) {
        // What was sampled before may still decide: a promise that was broken stays broken when the service has gone.
        if (signal.aborted || !(error instanceof TestcardError) || error.kind !== 'inconclusive') throw error;
        seen.problem = { message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
        seen.state = ports.services.status(input.metrics).state;
      }
    }
    if (input['counters-never-fall'] || input['histograms-consistent']) {
      seen.scrapes = ports.metrics.history(input.metrics, window);
      seen.startsAtMs = startsOf(input.metrics, ports, window);
    }
    return seen;
  },
  judge(seen, input) {
    const read = seen.exposition && readExposition(seen.exposition.text);
    const findings: Finding[] = [];
    if (input.valid) findings.push(judgeText(seen, read));
    for (const [name, demand] of Object.entries(input.families ?? {}))
      findings.push(judgeFamily(name, demand, seen, read));
    if (input['counters-never-fall']) {
      const survey = surveyCounters(seen.scrapes, seen.startsAtMs);
      findings.push(judgeSurvey(seen, survey, 'counters never fall', ['counter']));
    }
    if (input['histograms-consistent']) {
      const survey = surveyHistograms(seen.scrapes);
      findings.push(judgeSurvey(seen, survey, 'histograms consistent', ['histogram']));
    }
    return combine(`metrics of ${input.metrics}`, findings);
  },
};

/** A life of the service begins when it is started; `waiting` and what follows belong to the same one. */
function startsOf(service: string, ports: CheckPorts, window: Window): number[] {
  const states = ports.services.history(service, window);
  return states.flatMap(({ state, sinceMs, pid }, index) => {
    const isStart = state === 'starting' || (index > 0 && pid !== undefined && pid !== states[index - 1]?.pid);
    return isStart && sinceMs > window.fromMs ? [sinceMs] : [];
  });
}

function noText(expected: string, { problem }: MetricsObservation): Finding {
  const seen = problem ? problem.message : 'the text of a time that is over is not kept';
  return { verdict: 'inconclusive', expected, seen, hint: problem?.hint };
}

function judgeText(seen: MetricsObservation, read: ReadExposition | undefined): Finding {
  const expected = 'valid Prometheus text';
  const { exposition } = seen;
  if (!exposition || !read) return noText(expected, seen);
  const problems = problemsOf(read).map(({ line, message }) => `line ${line}: ${message}`);
  if (!isTextFormat(exposition.contentType)) {
    problems.unshift(`Content-Type ${exposition.contentType ?? 'missing'} instead of text/plain; version=0.0.4`);
  }
  if (exposition.status !== 200) problems.unshift(`HTTP status ${exposition.status} instead of 200`);
  if (problems.length > 0) {
    const more = problems.length > PROBLEMS_SHOWN ? `; and ${problems.length - PROBLEMS_SHOWN} more` : '';
    return { verdict: 'failed', expected, seen: `${problems.slice(0, PROBLEMS_SHOWN).join('; ')}${more}` };
  }
  const series = [...read.families.values()].reduce((sum, { samples }) => sum + samples.length, 0);
  if (series === 0) return { verdict: 'inconclusive', expected, seen: 'there is no series in it' };
  return {
    verdict: 'passed',
    expected,
    seen: `${counted(read.families.size, 'metric')} with ${counted(series, 'series', 'series')}`,
  };
}

/** https://prometheus.io/docs/instrumenting/exposition_formats: a missing version means the newest. */
function isTextFormat(contentType: string | undefined): boolean {
  const [type, ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  const version = parameters.find((parameter) => parameter.startsWith('version='));
  return type === 'text/plain' && (version === undefined || version === 'version=0.0.4');
}

function judgeFamily(
  name: string,
  demand: FamilyDemand,
  seen: MetricsObservation,
  read: ReadExposition | undefined,
): Finding {
  const expected = `${name} ${describeFamily(demand)}`;
  if (!read) return noText(expected, seen);
  const family = read.families.get(name);
  if (!family) {
    const near = nearest(name, read.families.keys());
    return {
      verdict: 'failed',
      expected,
      seen: `there is no ${name}${near === undefined ? '' : `; the nearest is ${near}`}`,
    };
  }
  const type = family.type ?? 'untyped';
  const wrong: string[] = [];
  if (demand.type !== undefined && type !== demand.type)
    wrong.push(`it is ${family.type === undefined ? 'without a TYPE line' : `a ${type}`}`);
  if (demand.help === true) {
    if ((family.help ?? '').trim() === '') wrong.push('it has no help text');
  } else if (demand.help !== undefined && !patternHolds(demand.help, family.help)) {
    wrong.push(family.help === undefined ? 'it has no help text' : `its help is ${JSON.stringify(family.help)}`);
  }
  if (demand.labels !== undefined) wrong.push(...wrongLabels(family, demand.labels));
  if (wrong.length > 0) return { verdict: 'failed', expected, seen: `${name}: ${wrong.join(', ')}` };
  if (demand.labels !== undefined && family.samples.length === 0) {
    return { verdict: 'inconclusive', expected, seen: `${name} has no series yet whose labels could be looked at` };
  }
  return {
    verdict: 'passed',
    expected,
    seen: `${name} is, with ${counted(family.samples.length, 'series', 'series')}`,
  };
}

function wrongLabels({ type, samples }: ExpositionFamily, demand: 'none' | FieldPatterns): string[] {
  const wanted = demand === 'none' ? {} : demand;
  const own = type === undefined ? undefined : LABELS_OF_TYPE[type];
  for (const sample of samples) {
    const labels = Object.entries(sample.labels).filter(([label]) => label !== own);
    const fits = labels.length === Object.keys(wanted).length && fieldsHold(wanted, Object.fromEntries(labels));
    if (fits) continue;
    const pairs = labels.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(', ');
    const instead = demand === 'none' ? 'no labels' : describeFields(wanted);
    return [`line ${sample.line} has ${pairs === '' ? 'no labels' : `the labels ${pairs}`} instead of ${instead}`];
  }
  return [];
}

function judgeSurvey(seen: MetricsObservation, survey: Survey, expected: string, [what]: [string]): Finding {
  const { fromMs, scrapes, problem, state } = seen;
  const [first] = survey.breaches;
  if (first) {
    const more = survey.breaches.length > 1 ? `; and ${survey.breaches.length - 1} more` : '';
    return {
      verdict: 'failed',
      expected,
      seen: `at ${sinceStart(first.atMs, fromMs)} ${first.message}${more}`,
      atMs: first.atMs,
      hopeless: 'a sample has already broken it',
    };
  }
  const held = `${counted(survey.looked, what)} in ${counted(scrapes.length, 'sample')}, ${survey.moved} of them moving`;
  if (problem && !(state && GONE.includes(state))) {
    return {
      verdict: 'inconclusive',
      expected,
      seen: `held by ${held}, but not to be seen since: ${problem.message}`,
      hint: problem.hint,
    };
  }
  if (survey.looked === 0)
    return { verdict: 'inconclusive', expected, seen: `no ${what} in ${counted(scrapes.length, 'sample')}` };
  if (survey.moved === 0) {
    return {
      verdict: 'inconclusive',
      expected,
      seen: `${held}: what stands still shows nothing`,
      hint: 'look after something was counted',
    };
  }
  return { verdict: 'passed', expected, seen: held };
}
