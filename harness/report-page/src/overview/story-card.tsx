// One broken promise, told so that a newcomer can name the defect: what was promised, what was seen, when, what else happened then.

import { logSentence } from '../../../src/report/html/log-level.ts';
import type { CaseSummary, PageData, Story, SuiteData } from '../../../src/report/html/page-data.ts';
import { Command } from '../shared/copy-button.tsx';
import { caseHref } from '../shared/route.ts';
import { clock, duration, VerdictMark } from '../shared/words.tsx';
import { YamlLines } from '../suite/yaml-lines.tsx';
import { AroundStrip } from './around-strip.tsx';
import { StoryGraphPicture } from './story-graph.tsx';

export function StoryCard({
  page,
  suite,
  found,
  isOpen,
}: {
  page: PageData;
  suite: SuiteData;
  found: CaseSummary;
  isOpen: boolean;
}) {
  const { story } = found;
  const attempt = found.attempts.findIndex(({ verdict }) => verdict === found.verdict);
  const timeline = page.timelines[found.attempts[attempt]?.timeline ?? -1];
  const atMs = story?.when && timeline ? story.when.atMs - timeline.originAtMs : undefined;
  const title = (
    <>
      <VerdictMark verdict={found.verdict} withWord /> <span class="muted">{suite.name} ›</span> {found.title}
    </>
  );
  const link = timeline ? (
    <a class="button" href={caseHref(suite.suite, found.case, { attempt: Math.max(0, attempt), atMs })}>
      Show it on the timeline
    </a>
  ) : null;
  const standing = found.standing ? (
    <p class={`standing ${found.standing.blocks ? 'standing-blocks' : ''}`}>
      {found.standing.blocks ? 'Blocks: ' : 'Does not block: '}
      {found.standing.text}
    </p>
  ) : null;
  const body = story ? <StoryBody story={story} rerun={found.rerun} /> : <PlainError found={found} />;
  if (!isOpen) {
    return (
      <details class={`story story-${found.verdict} story-closed`}>
        <summary>
          {title} <span class="seen-short">{story ? readable(story.seen) : found.error?.message}</span>
        </summary>
        {standing}
        {body}
        {link}
      </details>
    );
  }
  return (
    <article class={`story story-${found.verdict}`}>
      <header>
        <h3>{title}</h3>
        <span class="priority">{found.priority}</span>
        {link}
      </header>
      {standing}
      {body}
    </article>
  );
}

export function StoryBody({ story, rerun }: { story: Story; rerun: string }) {
  const { promised, seen, when, looked, hint, place, also, inForce, step } = story;
  return (
    <div class="story-body">
      <div class="story-main">
        <dl class="story-facts">
          <dt>Promised</dt>
          <dd class="promised">{promised}</dd>
          <dt>Seen</dt>
          <dd class="seen">
            {readable(seen)}
            {looked ? <span class="muted"> ({looked})</span> : null}
          </dd>
          <dt>When</dt>
          <dd>
            {when ? (
              <>
                <b>{clock(when.inCaseMs)}</b> into the case
                {when.judgedInCaseMs - when.inCaseMs > 500 ? (
                  <span class="muted"> · judged at {clock(when.judgedInCaseMs)}</span>
                ) : null}
                <span class="muted"> · {new Date(when.atMs).toISOString().slice(11, 23)} UTC</span>
              </>
            ) : (
              'before the case began'
            )}
            {step ? (
              <div class="muted">
                in the step “{step.title.length > 160 ? `${step.title.slice(0, 159)}…` : step.title}”
              </div>
            ) : null}
          </dd>
          {inForce.length > 0 ? (
            <>
              <dt>In force</dt>
              <dd>
                {inForce.map(({ title, sinceMs, isProven }) => (
                  <div key={title}>
                    <span class="kind kind-fault">fault</span> {title}
                    <span class="muted">
                      {when ? ` since ${duration(Math.round(when.atMs - sinceMs))} before` : ''}
                      {isProven ? ', proven' : ', not proven'}
                    </span>
                  </div>
                ))}
              </dd>
            </>
          ) : null}
          {hint ? (
            <>
              <dt>Hint</dt>
              <dd class="hint">{hint}</dd>
            </>
          ) : null}
          {also.length > 0 ? (
            <>
              <dt>Also</dt>
              <dd>
                {also.map((one) => (
                  <div key={`${one.promised}${one.seen}`} class="also">
                    {one.promised} — <b>{one.seen}</b>
                    {one.place ? <span class="muted"> (line {one.place.line})</span> : null}
                  </div>
                ))}
              </dd>
            </>
          ) : null}
          <dt>Run again</dt>
          <dd>
            <Command text={rerun} label="command that runs this case again" />
          </dd>
        </dl>
        {place && place.yaml.length > 0 ? (
          <figure class="excerpt">
            <figcaption>
              {place.file}:{place.line}
            </figcaption>
            <YamlLines
              label={`The promise in ${place.file}`}
              lines={place.yaml.map(({ number, text, isPromise }) => ({ number, text, isMarked: isPromise }))}
            />
          </figure>
        ) : null}
      </div>
      <div class="story-side">
        {story.graph ? <StoryGraphPicture graph={story.graph} instantMs={when?.inCaseMs} /> : null}
        <AroundStrip story={story} />
      </div>
    </div>
  );
}

/** Lines of JSON that are quoted in a sentence, as sentences. */
function readable(text: string): string {
  return text.replace(/\{"(?:[^{}…]|\{[^{}]*\})*[}…]/g, (json) => {
    const said = logSentence(json, true);
    return said === json ? json : `“${said}”`;
  });
}

function PlainError({ found: { error, codeFrame, rerun, verdict } }: { found: CaseSummary }) {
  return (
    <div class="story-body">
      <dl class="story-facts">
        <dt>Seen</dt>
        <dd class="seen">{error?.message ?? (verdict === 'passed' ? 'it passed' : 'no reason was stored')}</dd>
        {error?.hint ? (
          <>
            <dt>Hint</dt>
            <dd>{error.hint}</dd>
          </>
        ) : null}
        <dt>Run again</dt>
        <dd>
          <Command text={rerun} label="command that runs this case again" />
        </dd>
      </dl>
      {codeFrame ? <pre class="frame">{codeFrame}</pre> : null}
    </div>
  );
}
