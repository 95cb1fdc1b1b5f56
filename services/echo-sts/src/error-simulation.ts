// Which fragments fail on purpose. The first rule that matches decides.

import type { ErrorRule } from './protocol/control-events.ts';

export class ErrorSimulation {
  #rules: ErrorRule[] = [];
  #seen = 0;

  constructor(rules: readonly ErrorRule[]) {
    this.set(rules);
  }

  /** Replaces the rules; `nth_fragment` counts from here. */
  set(rules: readonly ErrorRule[]): void {
    this.#rules = [...rules];
    this.#seen = 0;
  }

  /** The rule for the next fragment of the session, if any. To be called once for each. */
  match(fragment: { fragment_id: string; sequence_number: number }): ErrorRule | undefined {
    this.#seen += 1;
    return this.#rules.find((rule) => {
      if (rule.trigger === 'sequence_number') return fragment.sequence_number === rule.value;
      if (rule.trigger === 'fragment_id') return fragment.fragment_id.toLowerCase() === rule.value.toLowerCase();
      return this.#seen % rule.value === 0;
    });
  }
}
