// "Did you mean …" as suites are told it.

import { nearest } from '../base/nearest-name.ts';

/** `did you mean x?`, else the list of what is known, else what to do when nothing is. */
export function suggestion(
  name: string,
  known: Iterable<string>,
  label: string,
  whenNone?: string,
): string | undefined {
  const names = [...known];
  const near = nearest(name, names);
  if (near !== undefined) return `did you mean \`${near}\`?`;
  if (names.length === 0) return whenNone;
  return `${label}: ${listNames(names)}`;
}

/** `a, b, c and 4 more`. */
export function listNames(names: string[], most = 20): string {
  if (names.length <= most) return names.join(', ');
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}
