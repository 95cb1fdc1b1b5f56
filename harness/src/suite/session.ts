// What is shared while one suite and the files it includes are parsed: problems, secrets, limits.

import { createMask } from '../base/mask.ts';
import type { Problem } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import type { Block } from './blocks.ts';
import type { CompiledRegistry } from './registry.ts';

/** Most YAML nodes that one suite may come to, aliases, matrix and blocks expanded. */
const MAX_NODES = 100_000;
/** Longer messages (they quote the file) are cut. */
const MAX_MESSAGE = 400;
/** More problems than this are counted, not kept: nobody reads them, and a generated file may have millions. */
const MAX_PROBLEMS = 200;

export class Session {
  readonly registry: CompiledRegistry;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly secrets: Set<string>;
  /** Named lists of steps, of the suite and of what it includes. */
  readonly blocks: Map<string, Block>;
  /** True once any reference was met that has no value before the run: most suites have none, and skip looking for them. */
  hasUnresolved = false;
  #problems = new Map<string, Problem>();
  #nodes = 0;
  #dropped = 0;
  #mask: { size: number; apply: (text: string) => string } | undefined;

  constructor(registry: CompiledRegistry, env: Readonly<Record<string, string | undefined>>, parent?: Session) {
    this.registry = registry;
    this.env = env;
    this.secrets = parent?.secrets ?? new Set();
    this.blocks = parent?.blocks ?? new Map();
  }

  /** A session for parsing one step again while the suite runs: the same blocks and secrets, its own problems. */
  again(): Session {
    return new Session(this.registry, this.env, this);
  }

  /** Adds a problem; the same one again (another matrix combination, a block used twice) is kept once. */
  report(problem: Problem): void {
    const { file, line, col } = problem.position;
    const key = `${file}:${line}:${col}:${problem.message}`;
    if (this.#problems.has(key)) return;
    if (this.#problems.size >= MAX_PROBLEMS) {
      this.#dropped += 1;
      return;
    }
    this.#problems.set(key, {
      ...problem,
      message: cut(this.mask(problem.message)),
      ...(problem.hint === undefined ? {} : { hint: cut(this.mask(problem.hint)) }),
    });
  }

  error(message: string, position: Position, hint?: string): void {
    this.report({ severity: 'error', message, position, ...(hint === undefined ? {} : { hint }) });
  }

  /** All problems, those of `mainFile` first, each file's from top to bottom. */
  problems(mainFile: string): Problem[] {
    const all = [...this.#problems.values()].sort((a, b) => {
      const byFile =
        a.position.file === b.position.file
          ? 0
          : Number(b.position.file === mainFile) - Number(a.position.file === mainFile) ||
            (a.position.file < b.position.file ? -1 : 1);
      return byFile || a.position.line - b.position.line || a.position.col - b.position.col;
    });
    const last = all.at(-1);
    if (this.#dropped > 0 && last) {
      all.push({
        severity: 'error',
        message: `${this.#dropped} more problems are not shown`,
        position: last.position,
      });
    }
    return all;
  }

  /** True when the suite was too large to be read to its end: what is missing then says nothing. */
  get exhausted(): boolean {
    return this.#nodes > MAX_NODES;
  }

  /** Counts a node; false when the suite has become too large to go on, which is reported once, at the node that was too much. */
  spendNode(at: () => Position): boolean {
    this.#nodes += 1;
    if (this.#nodes === MAX_NODES + 1) {
      this.error('comes to too many values when its aliases, matrix and blocks are written out', at());
    }
    return this.#nodes <= MAX_NODES;
  }

  /** Replaces every secret in `text`. */
  mask(text: string): string {
    if (this.secrets.size === 0) return text;
    if (this.#mask?.size !== this.secrets.size) {
      this.#mask = { size: this.secrets.size, apply: createMask([...this.secrets]) };
    }
    return this.#mask.apply(text);
  }
}

const cut = (text: string): string => (text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}…` : text);
