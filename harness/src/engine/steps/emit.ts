// `emit`: sends one Socket.IO event to a service, as a client, and can hold it to an answer.

import { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { TestcardError } from '../../model/errors.ts';
import { durationField } from '../../model/fields.ts';
import type { StepKind } from '../../model/kinds.ts';
import { fieldPatternsField } from '../../model/matcher.ts';
import { describeFields, fieldsHold } from '../../model/pattern.ts';

const DEFAULT_WITHIN_MS = 5_000;

const schema = z.strictObject({
  to: z.string().min(1).describe('Service name, or an address as the services see it (http://service:port)'),
  path: z.string().startsWith('/').default('/socket.io').describe('Path of the Socket.IO server'),
  event: z.string().min(1).describe('Event name'),
  data: z.unknown().optional().describe('Payload: any YAML value'),
  reply: z
    .strictObject({
      event: z.string().min(1).describe('Event to wait for'),
      where: fieldPatternsField.optional().describe('Fields that the answer’s payload must have'),
    })
    .optional()
    .describe('An answer that must come'),
  within: durationField.optional().describe('Longest wait to connect, and for the answer; default 5s'),
});
export type Emit = z.output<typeof schema>;

export const emitStep: StepKind<Emit> = {
  key: 'emit',
  docs: {
    summary:
      'Connects to a Socket.IO server, sends one event and disconnects once it was delivered. With `reply`, waits for that event: an answer that does not come, or does not fit, is a broken promise.',
    example:
      '- emit:\n    to: speech\n    path: /ws\n    event: config:delay\n    data: { delay: 500ms }\n    reply: { event: "config:delay:ack", where: { status: accepted } }',
  },
  schema: () => schema,
  describe: (input) => `emit ${input.event} to ${input.to}`,
  uses: (input) => [{ kind: input.to.includes('://') ? 'url' : 'service', name: input.to, path: ['to'] }],
  asserts: (input) => input.reply !== undefined,
  longestMs: (input) => input.within ?? DEFAULT_WITHIN_MS,
  async run(input, context) {
    const { reply } = input;
    const timeoutMs = input.within ?? DEFAULT_WITHIN_MS;
    context.progress(reply ? `${reply.event} from ${input.to}` : `${input.to} to take ${input.event}`);
    const { where } = reply ?? {};
    const answered = await context.sockets.emit(
      {
        to: input.to,
        path: input.path,
        event: input.event,
        data: input.data,
        timeoutMs,
        ...(reply ? { reply: { event: reply.event, matches: (payload) => !where || fieldsHold(where, payload) } } : {}),
      },
      context.signal,
    );
    context.emitEvent({
      type: 'answer',
      atMs: context.clock.nowMs(),
      case: context.caseId,
      step: context.step ?? '',
      to: 'emit',
      service: input.to,
      event: input.event,
      ...answered,
    });
    judgeReply(input, answered);
  },
};

/** Throws CHECK_FAILED when the answer that was asked for did not come. */
export function judgeReply(input: Emit, answered: { reply?: unknown; rejected?: unknown }): void {
  const { reply } = input;
  if (!reply || answered.reply !== undefined) return;
  const { where } = reply;
  const wanted = where ? `${reply.event} with ${describeFields(where)}` : reply.event;
  const seen =
    answered.rejected === undefined ? 'no such event came' : `the last one was ${JSON.stringify(answered.rejected)}`;
  throw new TestcardError(
    'CHECK_FAILED',
    `${input.to} answers ${input.event} with ${wanted} within ${formatDurationMs(input.within ?? DEFAULT_WITHIN_MS)} — ${seen}`,
  );
}
