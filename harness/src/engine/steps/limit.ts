// `limit`: how much of the machine a service may use.

import { z } from 'zod';
import { formatDurationMs } from '../../base/duration.ts';
import { durationField } from '../../model/fields.ts';
import type { StepKind } from '../../model/kinds.ts';
import { cpuField, describeBytes, memoryField } from '../../model/limit-fault.ts';
import { holdFault } from '../hold-fault.ts';

const schema = z
  .strictObject({
    service: z.string().min(1).describe('The service that is limited'),
    memory: memoryField
      .optional()
      .describe('So much memory and no swap, 64MiB: the kernel kills it when it needs more'),
    cpu: cpuField.optional().describe('So many processors: 0.25 is a quarter of one'),
    for: durationField.optional().describe('How long; default: until the case ends'),
  })
  .superRefine(({ memory, cpu }, context) => {
    if (memory !== undefined || cpu !== undefined) return;
    context.addIssue({ code: 'custom', message: 'says what it is limited to: `memory`, `cpu` or both' });
  });
type Limit = z.output<typeof schema>;

export const limitStep: StepKind<Limit> = {
  key: 'limit',
  docs: {
    summary:
      'Limits the memory or the processors of a service, or both. Shown by what the kernel enforces and counts for it. Needs the compose runtime.',
    example: '- limit: { service: worker, memory: 64MiB }\n- limit: { service: worker, cpu: 0.25, for: 10s }',
  },
  schema: () => schema,
  describe: (input) =>
    `limit ${input.service} to ${limitWords(input)}${input.for === undefined ? '' : ` for ${formatDurationMs(input.for)}`}`,
  uses: ({ service }) => [{ kind: 'service', name: service, path: ['service'] }],
  needs: () => 'containers',
  async run(input, context) {
    const { service, memory, cpu } = input;
    context.progress(`${service} to be limited to ${limitWords(input)}`);
    if (memory !== undefined) await holdFault(context, 'limit.memory', { service, bytes: memory }, input.for);
    if (cpu !== undefined) await holdFault(context, 'limit.cpu', { service, cpus: cpu }, input.for);
  },
};

function limitWords({ memory, cpu }: Limit): string {
  const words = [memory === undefined ? [] : describeBytes(memory), cpu === undefined ? [] : `${cpu} processors`];
  return words.flat().join(' and ');
}
