// The variables in force at one place of a suite, evaluated when first asked for.

import type { Node } from 'yaml';
import type { Position } from '../model/position.ts';
import type { SuiteSource } from './source.ts';

export interface VariableDefinition {
  name: string;
  position: Position;
  source: SuiteSource;
  node: Node | null;
  /** Where it was defined, in words, for warnings. */
  level: 'suite' | 'case' | 'include' | 'block';
  /** Set when something refers to it. */
  used: boolean;
}

export interface Value {
  value: unknown;
  /** True when a secret went into it: such values never reach titles, `vars` or reports. */
  secret: boolean;
  /** True when it could not be worked out; the reason is reported already. */
  broken: boolean;
}

/** Turns a definition's YAML into a value, in the scope that the definition belongs to. */
export type Evaluate = (definition: VariableDefinition, scope: Scope) => Value;

export class Scope {
  readonly parent: Scope | undefined;
  /** Blocks that are being expanded around this place, outermost first. */
  readonly blocks: readonly string[];
  #definitions: Map<string, VariableDefinition>;
  #values: Map<string, Value>;
  #evaluating = new Set<string>();
  #evaluate: Evaluate;

  constructor(options: {
    parent?: Scope;
    blocks?: readonly string[];
    definitions?: Iterable<VariableDefinition>;
    values?: Iterable<[string, Value]>;
    evaluate: Evaluate;
  }) {
    this.parent = options.parent;
    this.blocks = options.blocks ?? options.parent?.blocks ?? [];
    this.#definitions = new Map([...(options.definitions ?? [])].map((definition) => [definition.name, definition]));
    this.#values = new Map(options.values ?? []);
    this.#evaluate = options.evaluate;
  }

  /** Undefined when nothing of that name is known here. */
  lookup(name: string): Value | 'cycle' | undefined {
    const known = this.#values.get(name);
    const definition = this.#definitions.get(name);
    if (definition) definition.used = true;
    if (known) return known;
    if (!definition) return this.parent?.lookup(name);
    if (this.#evaluating.has(name)) return 'cycle';
    this.#evaluating.add(name);
    const value = this.#evaluate(definition, this);
    this.#evaluating.delete(name);
    this.#values.set(name, value);
    return value;
  }

  /** Every name in force here, each level in the order in which it was written. */
  names(): string[] {
    return [...new Set([...(this.parent?.names() ?? []), ...this.#definitions.keys(), ...this.#values.keys()])];
  }

  /** Evaluates everything defined here and returns what may be shown: no secrets, nothing broken. */
  shownValues(): Record<string, unknown> {
    const shown: Record<string, unknown> = {};
    for (const name of this.names()) {
      const definition = this.#definitions.get(name);
      const wasUsed = definition?.used;
      const value = this.lookup(name);
      if (definition && wasUsed !== undefined) definition.used = wasUsed; // listing is not using
      if (value !== undefined && value !== 'cycle' && !value.secret && !value.broken) shown[name] = value.value;
    }
    return shown;
  }

  /** A scope inside this one with more values in force. */
  with(values: Iterable<[string, Value]>, blocks?: readonly string[]): Scope {
    return new Scope({ parent: this, values, evaluate: this.#evaluate, ...(blocks ? { blocks } : {}) });
  }
}
