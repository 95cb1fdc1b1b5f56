import { describe, expect, it } from 'vitest';
import { calledAs, rerunCommand } from './rerun-command.ts';

describe('calledAs', () => {
  it('is the way in which the user called: by name, by npx, by a script', () => {
    expect(calledAs({})).toBe('testcard');
    expect(calledAs({ npm_command: 'exec' }, { testcard: 'x' })).toBe('npx testcard');
    expect(calledAs({ npm_command: 'run-script', npm_lifecycle_event: 'e2e' }, { testcard: 'x' })).toBe(
      'npm run testcard --',
    );
    expect(calledAs({ npm_command: 'run-script' }, { test: 'x' })).toBe('npx testcard');
  });
});

describe('rerunCommand', () => {
  it('quotes what a shell would read otherwise', () => {
    const base = { command: 'testcard', runtime: 'embedded' as const, overrides: [] };
    const command = (title: string) => rerunCommand(base, { file: 'suites/a b.yaml', title });
    expect(command('$(rm) `x` "y" é')).toBe(`testcard run 'suites/a b.yaml' --case '$(rm) \`x\` "y" é'`);
    expect(command("it's")).toBe(`testcard run 'suites/a b.yaml' --case 'it'\\''s'`);
    expect(command('plain')).toBe(`testcard run 'suites/a b.yaml' --case plain`);
  });
});
