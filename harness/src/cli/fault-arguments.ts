// The command line of a kind of fault, read off its schema: what it must be told as arguments in order, what it may be told as options.

import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { parseDurationMs } from '../base/duration.ts';
import type { AnyFaultKind } from '../model/faults.ts';
import { percentField } from '../model/fields.ts';
import { sizeField } from '../model/limit-fault.ts';
import { bitrateField } from '../model/network-fault.ts';

/** What is read of a field's JSON Schema. */
interface Field {
  type?: string;
  description?: string;
  const?: unknown;
  default?: unknown;
  enum?: unknown[];
  prefixItems?: unknown[];
  /** Of a number that people write with a unit: `%` of a part of 1, `B` of bytes. */
  unit?: string;
}

type Setter = (input: Record<string, unknown>, value: unknown) => void;

/** Adds the arguments and options; the function that is returned makes the fault's input of what was given. */
export function addFaultArguments(command: Command, { schema }: AnyFaultKind) {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const setters: Setter[] = [];
  const fromOptions: ((input: Record<string, unknown>, options: Record<string, unknown>) => void)[] = [];
  const fixed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(properties)) {
    const field = value as Field;
    if (field.prefixItems) {
      const count = field.prefixItems.length;
      for (let index = 0; index < count; index += 1) {
        command.addArgument(new Argument(`<${'ab'[index] ?? key + index}>`, endDescription(field)));
        setters.push((input, given) => {
          input[key] = [...((input[key] as unknown[] | undefined) ?? []), given];
        });
      }
    } else if (!required.includes(key)) {
      const option = optionOf(key, field);
      command.addOption(option);
      fromOptions.push((input, options) => {
        const given = options[option.attributeName()];
        if (given !== undefined) input[key] = given;
      });
    } else if (field.const !== undefined) {
      fixed[key] = field.const;
    } else {
      const argument = new Argument(`<${wordOf(key)}>`, descriptionOf(key, field));
      if (field.enum) argument.choices(field.enum.map(String));
      else argument.argParser(readerOf(key, field));
      command.addArgument(argument);
      setters.push((input, given) => {
        input[key] = given;
      });
    }
  }
  return (values: unknown[], options: Record<string, unknown>): Record<string, unknown> => {
    const input = { ...fixed };
    for (const [index, set] of setters.entries()) set(input, values[index]);
    for (const set of fromOptions) set(input, options);
    return input;
  };
}

function optionOf(key: string, field: Field): Option {
  const description = descriptionOf(key, field);
  if (field.type === 'boolean' || field.const === true) return new Option(`--${wordOf(key)}`, description);
  const option = new Option(`--${wordOf(key)} <${placeholderOf(key, field)}>`, description);
  return field.enum ? option.choices(field.enum.map(String)) : option.argParser(readerOf(key, field));
}

/** `latencyMs` → `latency`, `bitsPerSecond` → `rate`, `slowClose` → `slow-close`. */
function wordOf(key: string): string {
  if (key === 'bitsPerSecond') return 'rate';
  if (key === 'bytes') return 'size';
  return key
    .replace(/Ms$/, '')
    .replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    .replace(/^-/, '');
}

function descriptionOf(key: string, field: Field): string {
  if (field.description !== undefined) return field.description.charAt(0).toLowerCase() + field.description.slice(1);
  return DESCRIPTIONS[key] ?? (isDuration(key) ? 'a duration, such as 200ms' : '');
}

const DESCRIPTIONS: Record<string, string> = {
  port: 'container port of the server (default: every TCP link between the two)',
  towards: 'one of the two ends: only bytes on their way to it are affected (default: both directions)',
  bitsPerSecond: 'a bit rate, such as 500kbit/s or 2Mbit/s',
};

const endDescription = ({ description }: Field): string => description ?? 'one end of the link: a service, or testcard';

const isDuration = (key: string) => /Ms$/.test(key);

function placeholderOf(key: string, { type, unit }: Field): string {
  if (isDuration(key)) return 'duration';
  if (unit === '%') return 'percent';
  return type === 'number' || type === 'integer' ? 'number' : 'value';
}

const FIELDS: Record<string, z.ZodType<number>> = { '%': percentField, B: sizeField };

/** Command lines give text: a field whose name ends in its unit takes that unit's text. */
function readerOf(key: string, { type, unit }: Field): (text: string) => unknown {
  if (type !== 'number' && type !== 'integer') return (text) => text;
  if (isDuration(key)) return readDuration;
  const field = key === 'bitsPerSecond' ? bitrateField : FIELDS[unit ?? ''];
  if (field) {
    return (text) => {
      const value = field.safeParse(text);
      if (value.success) return value.data;
      throw new InvalidArgumentError(`expected ${value.error.issues[0]?.message}.`);
    };
  }
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value)) return value;
    throw new InvalidArgumentError('expected a number.');
  };
}

export function readDuration(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined) throw new InvalidArgumentError('expected a duration with its unit, such as 500ms, 10s or 2m.');
  return ms;
}
