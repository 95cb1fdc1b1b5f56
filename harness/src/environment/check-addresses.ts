// Addresses inside a Compose file must lead to services of the file and to ports that these declare.

import { isScalar, isSeq } from 'yaml';
import type { ServiceSpec } from '../model/environment.ts';
import type { Problem } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import { checkAddress, declaredPorts, hostOf, rewriteAddresses } from './address-map.ts';
import { didYouMean } from './did-you-mean.ts';
import type { YamlPath, YamlSource } from './yaml-source.ts';

export function checkAddresses(services: ServiceSpec[], source: YamlSource): Problem[] {
  const problems: Problem[] = [];
  const names = services.map(({ name }) => name);
  const table = declaredPorts(services);
  for (const { name, environment, embeddedEnvironment, ready, metrics, mediaFaults } of services) {
    const path = ['services', name];
    for (const [at, values] of [
      [['environment'], environment],
      [['x-testcard', 'embedded', 'environment'], embeddedEnvironment ?? {}],
    ] as const) {
      for (const [key, value] of Object.entries(values)) {
        const found = rewriteAddresses(value, table).problems;
        const position = () => keyPosition(source, [...path, ...at], key);
        for (const problem of found) problems.push({ severity: 'error', ...problem, position: position() });
        if (found.length > 0) continue;
        // A host outside the file may be meant; one that is nearly a service is worth a word.
        const doubt = checkAddress(value, { services });
        if (doubt) problems.push({ severity: 'warning', ...doubt, position: position() });
      }
    }
    const urls: [string | undefined, YamlPath][] = [
      [ready && 'http' in ready ? ready.http : undefined, ['x-testcard', 'ready', 'http']],
      [metrics, ['x-testcard', 'metrics']],
      [mediaFaults, ['x-testcard', 'media-faults']],
    ];
    for (const [url, at] of urls) {
      if (url === undefined) continue;
      const position = source.positionOf([...path, ...at]);
      const host = hostOf(url);
      if (!/^https?:\/\//.test(url) || host === undefined) {
        problems.push({
          severity: 'error',
          message: `${url} is no HTTP address`,
          position,
          hint: `write it as the services see it: "http://${name}:<port>/…"`,
        });
      } else if (!names.includes(host)) {
        const message = `there is no service ${host}`;
        problems.push({ severity: 'error', message, position, hint: didYouMean(host, names, 'services') });
      } else {
        const [problem] = rewriteAddresses(url, table).problems;
        if (problem) problems.push({ severity: 'error', ...problem, position });
      }
    }
  }
  return problems;
}

/** Of an environment entry, in a map or in a list. */
function keyPosition(source: YamlSource, path: YamlPath, key: string): Position {
  const node = source.nodeAt(path);
  if (!isSeq(node)) return source.positionOf([...path, key]);
  const index = node.items.findIndex((item) => isScalar(item) && String(item.value).startsWith(`${key}=`));
  return source.positionOf(index < 0 ? path : [...path, index]);
}
