// depends_on must name services that exist, and must not go round in a circle.

import type { ServiceSpec } from '../model/environment.ts';
import type { Problem } from '../model/errors.ts';
import { didYouMean } from './did-you-mean.ts';
import type { YamlSource } from './yaml-source.ts';

/** `written` are all names in the file, with those whose own part is broken: they are known, and not reported twice. */
export function checkDependencies(services: ServiceSpec[], written: string[], source: YamlSource): Problem[] {
  const problems: Problem[] = [];
  const place = (service: string, on: string, index: number) => {
    const short = source.positionOf(['services', service, 'depends_on', index]);
    const long = source.keyPositionOf(['services', service, 'depends_on', on]);
    return long.line > short.line || long.col > short.col ? long : short;
  };
  for (const { name, dependsOn } of services) {
    for (const [index, { service }] of dependsOn.entries()) {
      if (written.includes(service)) continue;
      problems.push({
        severity: 'error',
        message: `${name} depends on ${service}, which is not a service of this file`,
        position: place(name, service, index),
        hint: didYouMean(
          service,
          written.filter((known) => known !== name),
          'services',
        ),
      });
    }
  }
  const byName = new Map(services.map((service) => [service.name, service]));
  const done = new Set<string>();
  const visit = (name: string, trail: string[]): void => {
    if (trail.includes(name)) {
      const circle = [...trail.slice(trail.indexOf(name)), name];
      const [first = name, second = name] = circle;
      const index = byName.get(first)?.dependsOn.findIndex(({ service }) => service === second) ?? 0;
      problems.push({
        severity: 'error',
        message: `depends_on goes round in a circle: ${circle.join(' → ')}`,
        position: place(first, second, index),
        hint: 'take one of these out',
      });
      return;
    }
    if (done.has(name)) return;
    for (const { service } of byName.get(name)?.dependsOn ?? []) visit(service, [...trail, name]);
    done.add(name);
  };
  for (const { name } of services) visit(name, []);
  return problems;
}
