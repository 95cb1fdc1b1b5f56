// The story of a failure for the page: the one that every report tells, moved to where a recording shows it, with what was said around it.

import { AROUND_MS, type FailureStory, failureStory, type StoryFacts } from '../failure-story.ts';
import { happeningsAround } from '../happenings.ts';
import type { LogLine, TimelineCollector } from './collect-timeline.ts';
import { logMessage, logSentence } from './log-level.ts';
import type { CaseMarks, CheckMark, EarlierLines, Said, Story } from './page-data.ts';
import { defectsOf } from './recording-defects.ts';
import { storyGraph } from './story-graph.ts';
import { streamMoment } from './stream-moment.ts';

const MOST_SAID = 5;
const LAST_SAID = 3;
const MOST_EARLIER = 4;
/** Paths that the instrument publishes to for its own calibration. */
const OWN_STREAMS = /\btestcard\/reference-/;
const LONGEST_SAID = 240;

export function makeStory(
  facts: StoryFacts,
  marks: CaseMarks | undefined,
  timeline: TimelineCollector,
): Story | undefined {
  const told = failureStory(facts);
  if (!told) return undefined;
  const check = marks?.checks.findLast(
    ({ line, verdict }) => verdict !== 'passed' && line === facts.result.error?.position?.line,
  );
  const story = moved(told, facts, marks, check, timeline);
  const graph = marks && check && storyGraph(check, marks, timeline);
  return {
    ...story,
    said: saidAround(story, timeline, marks),
    defects: defectsAround(story, marks, timeline),
    earlier: earlierIn(story, marks, timeline),
    ...(graph ? { graph } : {}),
  };
}

/** What a recording shows is found out at its end: what matters is when it was to be seen. */
function moved(
  story: FailureStory,
  { events, result }: StoryFacts,
  marks: CaseMarks | undefined,
  check: CheckMark | undefined,
  { originAtMs }: TimelineCollector,
): FailureStory {
  const { when } = story;
  const momentMs = marks && check && streamMoment(check, marks);
  if (!when || !marks || momentMs === undefined || momentMs < marks.fromMs || momentMs > marks.toMs) return story;
  const atMs = originAtMs + momentMs;
  const zeroMs = when.atMs - when.inCaseMs;
  const around = happeningsAround(events, {
    case: result.case,
    atMs,
    zeroMs,
    withinMs: AROUND_MS,
    decidedAtMs: zeroMs + when.judgedInCaseMs,
    fromMs: originAtMs + marks.fromMs,
    untilMs: originAtMs + marks.toMs,
  });
  return {
    ...story,
    when: { ...when, atMs, inCaseMs: atMs - zeroMs },
    inForce: around.inForce,
    meanwhile: around.shown,
    leftOut: around.leftOut,
  };
}

function defectsAround({ when }: FailureStory, marks: CaseMarks | undefined, { originAtMs }: TimelineCollector) {
  if (!when || !marks) return [];
  const instantMs = when.atMs - originAtMs;
  return marks.recordings
    .flatMap((recording) => defectsOf(recording).map((defect) => ({ recording, defect })))
    .filter(({ defect: { fromMs, toMs } }) => fromMs - AROUND_MS <= instantMs && instantMs <= toMs + AROUND_MS)
    .slice(0, MOST_SAID)
    .map(({ recording: { name }, defect }) => ({
      offsetMs: Math.round(Math.max(-AROUND_MS, defect.fromMs - instantMs)),
      text: `${name}: ${defect.title}`,
    }));
}

/** Where nothing was said within two seconds: what was said last before, by those that the promise names. */
function saidAround(
  { when, promised }: FailureStory,
  timeline: TimelineCollector,
  marks: CaseMarks | undefined,
): Said[] {
  if (!when) return [];
  const instantMs = when.atMs - timeline.originAtMs;
  // What is said after the verdict is said of the clean-up.
  const untilMs = instantMs - when.inCaseMs + when.judgedInCaseMs;
  const told = timeline.logs.filter(
    ({ atMs, level }) => atMs >= (marks?.fromMs ?? 0) && atMs <= untilMs && (level === 'info' || level === 'debug'),
  );
  const isPipelines = ({ text }: LogLine) => !OWN_STREAMS.test(text);
  const isNamed = ({ service }: LogLine) => promised.includes(timeline.logServices[service] ?? '\n');
  const near = told.filter((line) => Math.abs(line.atMs - instantMs) <= AROUND_MS && isPipelines(line));
  const before = told.filter((line) => line.atMs <= instantMs && isNamed(line)).slice(-LAST_SAID);
  return (near.length > 0 ? near : before)
    .map((line) => ({ line, rank: (isNamed(line) ? 0 : AROUND_MS) + Math.abs(line.atMs - instantMs) }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MOST_SAID)
    .map(({ line: { atMs, service, text } }) => ({
      offsetMs: atMs - instantMs,
      service: timeline.logServices[service] ?? '',
      text: cut(logSentence(text, true)),
    }))
    .sort((a, b) => a.offsetMs - b.offsetMs);
}

/** What went before may be the cause, or show that it went on for long. */
function earlierIn({ when }: FailureStory, marks: CaseMarks | undefined, timeline: TimelineCollector): EarlierLines[] {
  if (!when || !marks) return [];
  const zeroMs = when.atMs - timeline.originAtMs - when.inCaseMs;
  const untilMs = zeroMs + when.inCaseMs - AROUND_MS;
  const groups = new Map<string, EarlierLines>();
  for (const { atMs, level, service, text } of timeline.logs) {
    if ((level !== 'warn' && level !== 'error') || atMs < marks.fromMs || atMs >= untilMs) continue;
    const name = timeline.logServices[service] ?? '';
    const key = `${name} ${logMessage(text)}`;
    const known = groups.get(key);
    if (known) {
      known.count += 1;
      known.lastMs = atMs - zeroMs;
    } else {
      const inCaseMs = atMs - zeroMs;
      groups.set(key, {
        firstMs: inCaseMs,
        lastMs: inCaseMs,
        level,
        service: name,
        text: cut(logSentence(text, true)),
        count: 1,
      });
    }
  }
  return [...groups.values()]
    .sort((a, b) => Number(b.level === 'error') - Number(a.level === 'error') || b.lastMs - a.lastMs)
    .slice(0, MOST_EARLIER)
    .sort((a, b) => a.firstMs - b.firstMs);
}

const cut = (text: string) => (text.length <= LONGEST_SAID ? text : `${text.slice(0, LONGEST_SAID - 1)}…`);
