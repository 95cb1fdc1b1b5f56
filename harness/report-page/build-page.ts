// Builds the report's page into one HTML file with a place for data: what `testcard run` fills in. Run after every change of src/.
//
//   npm run report-page

import { readFileSync, writeFileSync } from 'node:fs';
import { build, type Rolldown } from 'vite';

const HERE = new URL('.', import.meta.url);
export const BUILT_PAGE = new URL('built/page.html', HERE);

/** The page as text. The same sources and packages give the same bytes, in tests too. */
export async function buildPage(): Promise<string> {
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = 'production'; // Vite takes from it how JSX is compiled
  try {
    return await assemble();
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
}

async function assemble(): Promise<string> {
  const result = (await build({
    root: HERE.pathname,
    configFile: false,
    envFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      write: false,
      target: 'es2022',
      cssCodeSplit: false,
      reportCompressedSize: false,
      lib: { entry: new URL('src/main.tsx', HERE).pathname, formats: ['iife'], name: 'report', fileName: 'page' },
    },
  })) as Rolldown.RolldownOutput[];
  const files = result.flatMap(({ output }) => output);
  const script = files.flatMap((file) => (file.type === 'chunk' ? [file.code] : [])).join('\n');
  const style = files
    .flatMap((file) => (file.fileName.endsWith('.css') && file.type === 'asset' ? [String(file.source)] : []))
    .join('\n');
  // A function, since `$&` in the script would be replaced; `</script` in a string would end the element.
  return readFileSync(new URL('page.html', HERE), 'utf8')
    .replace('/*style*/', () => style.trim().replaceAll('</style', '<\\/style'))
    .replace('/*script*/', () => script.trim().replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--'));
}

if (import.meta.main) {
  const startedAt = performance.now();
  const page = await buildPage();
  writeFileSync(BUILT_PAGE, page);
  process.stdout.write(
    `report page: ${(page.length / 1e3).toFixed(0)} kB in ${(performance.now() - startedAt).toFixed(0)} ms\n`,
  );
}
