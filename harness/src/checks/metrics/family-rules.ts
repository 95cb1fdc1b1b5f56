// What the text format asks of the series of a histogram, a summary or a counter, taken together.

import { formatSeries } from '../../model/metrics/index.ts';
import {
  type ExpositionFamily,
  type ExpositionProblem,
  type ExpositionSample,
  type ReadExposition,
  readValue,
} from './exposition.ts';

/** Everything that is wrong with the text, by line: what no line shows alone included. */
export function problemsOf(read: ReadExposition): ExpositionProblem[] {
  const own = [...read.families.values()].flatMap((family) => {
    if (family.type === 'histogram') return histogramProblems(family);
    if (family.type === 'summary') return summaryProblems(family);
    return [];
  });
  return [...read.problems, ...own].sort((a, b) => a.line - b.line);
}

function histogramProblems(family: ExpositionFamily): ExpositionProblem[] {
  const { name } = family;
  const problems: ExpositionProblem[] = plainSamples(
    family,
    `${name} is a histogram: it has ${name}_bucket, ${name}_sum and ${name}_count only`,
  );
  for (const { parts, first } of groups(family, 'le')) {
    const at = formatSeries(first);
    const say = (message: string, sample: ExpositionSample = first) => problems.push({ line: sample.line, message });
    const buckets = parts.get(`${name}_bucket`) ?? [];
    const bounds = buckets.map((bucket) => ({ bucket, bound: readValue(bucket.labels.le ?? '') }));
    for (const { bucket, bound } of bounds) {
      if (bound === undefined || Number.isNaN(bound))
        say(`${formatSeries(bucket)} has no upper bound \`le\` that is a number`, bucket);
    }
    for (const [index, { bucket, bound }] of bounds.entries()) {
      const before = bounds[index - 1];
      if (before?.bound === undefined || bound === undefined || bound > before.bound) continue;
      say(
        `buckets of ${name} out of order: le="${bucket.labels.le}" comes after le="${before.bucket.labels.le}"`,
        bucket,
      );
    }
    const infinite = bounds.find(({ bound }) => bound === Number.POSITIVE_INFINITY)?.bucket;
    const count = parts.get(`${name}_count`)?.[0];
    if (!infinite) say(`${at} has no bucket le="+Inf"`);
    if (!count) say(`${at} has no ${name}_count`);
    if (!parts.has(`${name}_sum`)) say(`${at} has no ${name}_sum`);
    if (infinite && count && infinite.value !== count.value) {
      say(
        `${formatSeries(count)} is ${count.value}, and the bucket le="+Inf" is ${infinite.value}: they must be equal`,
        count,
      );
    }
  }
  return problems;
}

function summaryProblems(family: ExpositionFamily): ExpositionProblem[] {
  const { name } = family;
  const problems: ExpositionProblem[] = [];
  for (const { parts, first } of groups(family, 'quantile')) {
    for (const sample of parts.get(name) ?? []) {
      const quantile = readValue(sample.labels.quantile ?? '') ?? -1;
      if (quantile >= 0 && quantile <= 1) continue;
      problems.push({ line: sample.line, message: `${formatSeries(sample)} has no \`quantile\` from 0 to 1` });
    }
    for (const part of [`${name}_sum`, `${name}_count`]) {
      if (!parts.has(part)) problems.push({ line: first.line, message: `${formatSeries(first)} has no ${part}` });
    }
  }
  return problems;
}

function plainSamples({ name, samples }: ExpositionFamily, message: string): ExpositionProblem[] {
  return samples.filter((sample) => sample.name === name).map(({ line }) => ({ line, message }));
}

/** The series of a family that belong together: the same labels but for `apart`. `first` bears those labels. */
function groups(family: ExpositionFamily, apart: string) {
  const found = new Map<string, { first: ExpositionSample; parts: Map<string, ExpositionSample[]> }>();
  for (const sample of family.samples) {
    const { [apart]: _, ...labels } = sample.labels;
    const key = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    const group = found.get(key) ?? { first: { ...sample, name: family.name, labels }, parts: new Map() };
    found.set(key, group);
    group.parts.set(sample.name, [...(group.parts.get(sample.name) ?? []), sample]);
  }
  return [...found.values()];
}
