// Checks that the names a case uses exist: services, fixtures, recordings, publishers, phases, and variables saved on the way.

import { nearest } from '../base/nearest-name.ts';
import type { LinkUse } from '../model/environment.ts';
import type { NameDefinition, NameUse } from '../model/kinds.ts';
import type { Position } from '../model/position.ts';
import type { CheckNode, StepNode } from '../model/suite.ts';
import { addressProblem } from './addresses.ts';
import { type BrokenStep, factsOfCheck, factsOfStep, type ParsedStep } from './facts.ts';
import type { Known, KnownService } from './known.ts';
import { originOf, type Path, positionOf, valueAt } from './origins.ts';
import type { ParsedCase } from './parse-case.ts';
import type { Session } from './session.ts';
import { suggestion } from './suggest.ts';

type Defined = Map<NameDefinition['kind'], Set<string>>;

export function checkNames(kase: ParsedCase, known: Known, session: Session): void {
  new NameChecker(kase, known, session).check();
}

class NameChecker {
  #case: ParsedCase;
  #known: Known;
  #session: Session;
  /** By the steps so far. */
  #defined: Defined = new Map();
  /** By any step of the case. */
  #everDefined: Defined = new Map();
  /** Text found in broken steps: it may be a name that they would have defined, so it is not called unknown. */
  #perhaps = new Set<string>();
  #anyOpaque = false;
  #hasCheck = false;

  constructor(kase: ParsedCase, known: Known, session: Session) {
    this.#case = kase;
    this.#known = known;
    this.#session = session;
  }

  check(): void {
    const { steps, throughout, kase } = this.#case;
    this.#collect(steps);
    for (const check of throughout) this.#check(check, this.#everDefined);
    this.#steps(steps);
    if (kase && !this.#hasCheck && !this.#anyOpaque) {
      const hint = 'add an `expect` or `eventually` step, or `throughout`';
      this.#session.error(`the case “${kase.title}” has no check: it would never be green`, kase.position, hint);
    }
  }

  #collect(steps: readonly ParsedStep[]): void {
    for (const step of steps) {
      if ('broken' in step) {
        collectTexts(step.raw, this.#perhaps, partsOf(step));
        this.#collect(step.steps);
        continue;
      }
      const facts = factsOfStep(step);
      if (facts?.input === undefined) {
        this.#anyOpaque = true;
        collectTexts(facts?.raw, this.#perhaps, new Set());
        continue;
      }
      this.#collect(step.kind.children?.(facts.input).steps ?? []);
      for (const { kind, name } of step.kind.defines?.(facts.input) ?? []) add(this.#everDefined, kind, name);
    }
  }

  #steps(steps: readonly ParsedStep[]): void {
    for (const step of steps) {
      if ('broken' in step) {
        this.#steps(step.steps);
        for (const check of step.checks) this.#check(check, this.#defined);
      } else this.#step(step);
    }
  }

  #step(step: StepNode): void {
    const facts = factsOfStep(step);
    if (!facts) return;
    for (const { name, position } of facts.unresolved) this.#saved(name, position, facts.raw);
    if (facts.input === undefined) return;
    const { kind, input, raw } = facts;
    this.#needs(kind.needs?.(input), kind.key, positionOf(raw, [kind.key]) ?? step.position);
    for (const use of kind.uses?.(input) ?? []) this.#use(use, this.#defined, placeIn(raw, kind.key, use.path));
    for (const use of kind.links?.(input) ?? [])
      this.#link(use, positionOf(raw, [kind.key, 'between']) ?? step.position);
    const children = kind.children?.(input);
    this.#steps(children?.steps ?? []);
    for (const check of children?.checks ?? []) this.#check(check, this.#defined);
    if (kind.asserts?.(input)) this.#hasCheck = true;
    for (const { kind: what, name } of kind.defines?.(input) ?? []) {
      if (what === 'variable') this.#savesOver(name, raw);
      add(this.#defined, what, name);
    }
  }

  #check(check: CheckNode, defined: Defined): void {
    this.#hasCheck = true;
    const raw = factsOfCheck(check)?.raw;
    for (const use of check.kind.uses?.(check.input) ?? []) {
      this.#use(use, defined, positionOf(raw, use.path) ?? check.position);
    }
    if (check.during === undefined || isReference(check.during)) return;
    const phases = [...(this.#everDefined.get('phase') ?? [])];
    if (phases.includes(check.during) || this.#perhaps.has(check.during)) return;
    const hint = suggestion(check.during, phases, 'phases of this case', 'no step of this case starts a phase');
    this.#session.error(`unknown phase \`${check.during}\``, positionOf(raw, ['during']) ?? check.position, hint);
  }

  /** A case of another runtime is skipped on this one, and may say what this one cannot do. */
  #isOfAnotherRuntime(): boolean {
    const only = this.#case.kase?.onlyOn?.runtime;
    return only !== undefined && this.#known.runtime !== undefined && only !== this.#known.runtime;
  }

  #needs(needed: 'containers' | undefined, key: string, position: Position): void {
    if (needed === undefined || this.#known.runtime !== 'embedded' || this.#isOfAnotherRuntime()) return;
    this.#session.error(
      `this \`${key}\` needs containers and their kernel, which the embedded runtime does not have`,
      position,
      'run it with --runtime compose, or say so in the case: `only-on: { runtime: compose, reason: … }`',
    );
  }

  /** Each end is a service, or something of Testcard's own; and the two must be connected. */
  #link(use: LinkUse, position: Position): void {
    const { services, linkProblem } = this.#known;
    if (!services || use.between.some(isReference)) return;
    const own = ['publisher', 'recording'].flatMap((kind) => [
      ...(this.#everDefined.get(kind as NameDefinition['kind']) ?? []),
    ]);
    const names = [...services.map(({ name }) => name), 'testcard', ...own];
    for (const name of use.between) {
      if (names.includes(name) || this.#perhaps.has(name)) continue;
      const hint = suggestion(name, names, 'known here');
      this.#session.error(`\`${name}\` is neither a service nor a publisher or recording of this case`, position, hint);
      return;
    }
    const problem = linkProblem?.(use);
    if (problem) this.#session.error(problem.message, position, problem.hint);
  }

  #use(use: NameUse, defined: Defined, position: Position | undefined): void {
    if (isReference(use.name) || !position) return; // its value is only known at run time
    const problem = this.#problemOf(use, defined);
    if (problem) this.#session.error(problem.message, position, problem.hint);
  }

  #problemOf({ kind, name }: NameUse, defined: Defined): { message: string; hint?: string | undefined } | undefined {
    const { services, fixtures } = this.#known;
    switch (kind) {
      case 'service':
      case 'metrics-of':
        return services && serviceProblem(kind, name, services);
      case 'data-of':
        return services && serviceProblem(this.#isOfAnotherRuntime() ? 'service' : kind, name, services);
      case 'fixture':
        if (!fixtures || fixtures.includes(name)) return undefined;
        return {
          message: `unknown fixture \`${name}\``,
          hint: suggestion(name, fixtures, 'fixtures are', 'there are no recipes in fixtures/'),
        };
      case 'url':
        return addressProblem(name, services);
      case 'recording':
        return this.#unknown(
          'recording',
          name,
          ['recording'],
          defined,
          'record it first: `- record: { from: …, as: … }`',
        );
      case 'publisher':
        return this.#unknown('publisher', name, ['publisher'], defined, 'publish it first');
      case 'activity':
        return this.#unknown(
          'publisher or recording',
          name,
          ['publisher', 'recording'],
          defined,
          'start it with `publish` or `record` first',
        );
      case 'block':
        return undefined; // found out when it is expanded
    }
  }

  #unknown(what: string, name: string, kinds: NameDefinition['kind'][], defined: Defined, whenNone: string) {
    const known = kinds.flatMap((kind) => [...(defined.get(kind) ?? [])]);
    if (known.includes(name) || this.#perhaps.has(name)) return undefined;
    if (kinds.some((kind) => this.#everDefined.get(kind)?.has(name))) {
      return { message: `\`${name}\` is used before it is started`, hint: 'move the step that starts it up' };
    }
    const near = nearest(name, [...known, ...this.#perhaps]);
    const hint = near === undefined ? suggestion(name, known, 'known here', whenNone) : `did you mean \`${near}\`?`;
    return { message: `unknown ${what} \`${name}\``, hint };
  }

  /** A reference without a value when the suite is read must be saved by an earlier step. */
  #saved(name: string, position: Position, raw: object): void {
    const saved = [...(this.#defined.get('variable') ?? [])];
    if (saved.includes(name) || this.#perhaps.has(name) || this.#anyOpaque) return;
    if (this.#everDefined.get('variable')?.has(name)) {
      this.#session.error(`\`${name}\` is used before a step saves it`, position, 'move the step that saves it up');
      return;
    }
    const names = [...new Set([...(originOf(raw)?.scope.names() ?? []), ...saved])];
    this.#session.error(
      `unknown variable \`${name}\``,
      position,
      suggestion(name, names, 'variables here', 'define it under `vars`, or `save` it in an earlier step'),
    );
  }

  #savesOver(name: string, raw: object): void {
    if (!originOf(raw)?.scope.names().includes(name)) return;
    const position = positionOf(raw, []);
    if (position)
      this.#session.error(`\`${name}\` is a variable already, so nothing can be saved under that name`, position);
  }
}

/** A use's path starts at the step's value; some kinds name the key as well. */
function placeIn(raw: object, key: string, path: Path): Position | undefined {
  const full = [key, ...path];
  const direct = valueAt(raw, full) === undefined && path[0] === key ? path : full;
  return positionOf(raw, direct);
}

const WHAT_SERVICES_HAVE = {
  'metrics-of': {
    has: 'hasMetrics',
    what: 'metrics address',
    plural: 'services with metrics',
    at: 'x-testcard.metrics',
  },
  'data-of': {
    has: 'hasData',
    what: 'folder that it writes to',
    plural: 'services with such a folder',
    at: 'x-testcard.embedded.data, of containers x-testcard.data',
  },
} as const;

function serviceProblem(
  kind: 'service' | 'metrics-of' | 'data-of',
  name: string,
  services: readonly KnownService[],
): { message: string; hint?: string | undefined } | undefined {
  const service = services.find((candidate) => candidate.name === name);
  const wanted = kind === 'service' ? undefined : WHAT_SERVICES_HAVE[kind];
  const able = wanted ? services.filter((candidate) => candidate[wanted.has]) : services;
  const names = able.map((candidate) => candidate.name);
  if (!service) return { message: `unknown service \`${name}\``, hint: suggestion(name, names, 'services are') };
  if (!wanted || service[wanted.has]) return undefined;
  const hint = suggestion('', names, wanted.plural, 'no service has any');
  return { message: `the service \`${name}\` has no ${wanted.what}`, hint: hint && `${hint} (${wanted.at})` };
}

const isReference = (name: string): boolean => name.includes('${');

function add(defined: Defined, kind: NameDefinition['kind'], name: string): void {
  const names = defined.get(kind) ?? new Set();
  names.add(name);
  defined.set(kind, names);
}

/** Raw values of the steps and checks inside a broken step that are not broken themselves. */
function partsOf({ steps, checks }: BrokenStep): Set<unknown> {
  return new Set([
    ...steps.map((step) => ('broken' in step ? step.raw : factsOfStep(step)?.raw)),
    ...checks.map((check) => factsOfCheck(check)?.raw),
  ]);
}

function collectTexts(raw: unknown, into: Set<string>, except: ReadonlySet<unknown>): void {
  if (typeof raw === 'string') into.add(raw);
  else if (typeof raw === 'object' && raw !== null && !except.has(raw)) {
    for (const [key, value] of Object.entries(raw)) {
      into.add(key); // `save: { token: … }` names variables by key
      collectTexts(value, into, except);
    }
  }
}
