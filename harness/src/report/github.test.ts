import { describe, expect, it } from 'vitest';
import { annotationsOf, renderAnnotations, workflowCommand } from './github.ts';
import { caseResult, everything, failure, NASTY, runResult } from './testing/results.ts';

const options = { workspace: '/project', root: '/project' };

/** As the runner reads a line: `::name key=value,key=value::data`. */
function readCommand(line: string) {
  const [, name, properties = '', data = ''] = /^::(\w+) (.*?)::(.*)$/.exec(line) ?? [];
  const decoded = (text: string) =>
    text
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',')
      .replaceAll('%25', '%');
  const pairs = properties.split(',').map((pair) => pair.split('=') as [string, ...string[]]);
  return {
    name,
    properties: Object.fromEntries(pairs.map(([key, ...value]) => [key, decoded(value.join('='))])),
    data: decoded(data),
  };
}

describe('renderAnnotations', () => {
  it('puts what failed on the line of the YAML that promised it', () => {
    const text = renderAnnotations(
      runResult([caseResult({ title: 'breaks', verdict: 'failed', error: failure })]),
      options,
    );
    expect(text).toBe(
      '::error file=suites/a.suite.yaml,line=9,col=11,title=suite a › breaks%3A failed::lost: 0 — saw 30%0Asee the recording\n',
    );
  });

  it('says nothing of what passed or was skipped', () => {
    expect(renderAnnotations(runResult([caseResult(), caseResult({ verdict: 'skipped' })]), options)).toBe('');
  });

  it('names files from the repository, where the project is a folder of it, and none outside', () => {
    const [inside] = annotationsOf(runResult([caseResult({ verdict: 'failed', error: failure })]), {
      workspace: '/',
      root: '/project',
    });
    expect(inside?.file).toBe('project/suites/a.suite.yaml');
    const elsewhere = { ...failure, position: { file: '/elsewhere/b.suite.yaml', line: 1, col: 1 } };
    const [outside] = annotationsOf(runResult([caseResult({ verdict: 'failed', error: elsewhere })]), options);
    expect(outside).not.toHaveProperty('file');
  });

  it('warns of what does not block, and points at the entry of a quarantine that is no good', () => {
    const all = annotationsOf(everything(), options);
    const of = (title: string) => all.find((each) => each.title.startsWith(`suite a › ${title}:`));
    expect(of('known to fail')).toMatchObject({ level: 'warning', title: expect.stringContaining('quarantined') });
    expect(of('minor')).toMatchObject({ level: 'warning', title: expect.stringContaining('not gating') });
    expect(of('repaired')).toMatchObject({ level: 'error', file: 'quarantine.yaml', line: 3, col: 3 });
    expect(of('late')).toMatchObject({
      level: 'error',
      file: 'quarantine.yaml',
      message: expect.stringContaining('expired'),
    });
  });

  it('lets no text of a pipeline end a command or begin another', () => {
    const title = `x::error::y,file=/etc/passwd\n::stop-commands::z ${NASTY}`;
    const line = workflowCommand({
      level: 'error',
      file: 'a,b:c.yaml',
      line: 1,
      col: 2,
      title,
      message: `${title}\r\n::add-mask::a`,
    });
    expect(line.split(/[\r\n]/)).toHaveLength(1);
    const read = readCommand(line);
    expect(read.properties).toMatchObject({ file: 'a,b:c.yaml', line: '1', col: '2' });
    expect(Object.keys(read.properties)).toEqual(['file', 'line', 'col', 'title']);
    expect(read.data).toContain('::add-mask::a');
    const encoded = 'rtsp://u:p%40x%0A%3A';
    expect(readCommand(workflowCommand({ level: 'error', title: encoded, message: encoded }))).toMatchObject({
      properties: { title: encoded },
      data: encoded,
    });
  });

  it('writes no more of a level than GitHub shows: the last one names the others, the most important come first', () => {
    const cases = Array.from({ length: 30 }, (_, index) =>
      caseResult({
        case: `c${index}`,
        title: `case ${index}`,
        priority: index === 29 ? 'P1' : 'P2',
        verdict: 'failed',
        error: failure,
      }),
    );
    const lines = renderAnnotations(runResult(cases), options).trimEnd().split('\n').map(readCommand);
    expect(lines).toHaveLength(10);
    expect(lines[0]?.properties.title).toContain('case 29');
    expect(lines[9]?.properties.title).toBe('21 more');
    expect(lines[9]?.data).toContain('case 28');
  });
});
