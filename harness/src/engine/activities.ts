// Publishers and recordings that go on beside the steps of a case: started, found again by name, and ended with the case.

import { TestcardError } from '../model/errors.ts';
import type { Activity, CaseContext } from '../model/ports.ts';

/** Starts an activity, has the case's end stop it, and notes its states on the timeline. */
export async function startActivity(context: CaseContext, start: () => Promise<Activity>): Promise<void> {
  const activity = await start();
  if (context.activities.has(activity.name) && !context.endedActivities.has(activity.name)) {
    await activity.stop(context.signal);
    throw new TestcardError('SUITE_INVALID', `${activity.name} is already running in this case`, {
      hint: 'give the second one another name with `as`, or `stop` the first',
    });
  }
  const note = (state: string, detail?: unknown) =>
    context.emitEvent({
      type: 'activity',
      atMs: context.clock.nowMs(),
      case: context.caseId,
      name: activity.name,
      kind: activity.kind,
      state,
      detail,
    });
  note('started');
  context.activities.set(activity.name, activity);
  context.endedActivities.delete(activity.name);
  context.undo.push(`${activity.kind} ${activity.name}`, (signal) => activity.stop(signal));
  activity.ended.then(
    () => {
      context.endedActivities.add(activity.name);
      note('ended');
    },
    (error: unknown) => {
      context.endedActivities.add(activity.name);
      note('failed', error instanceof Error ? error.message : String(error));
    },
  );
}

export function activityNamed(context: CaseContext, name: string): Activity {
  const activity = context.activities.get(name);
  if (activity) return activity;
  const known = [...context.activities.keys()];
  throw new TestcardError('SUITE_INVALID', `nothing named ${name} was published or recorded in this case`, {
    hint: known.length > 0 ? `known here: ${known.join(', ')}` : 'start it with `publish` or `record` first',
  });
}
