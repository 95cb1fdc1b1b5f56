// Programs of Debian that making an image takes, installed when they are missing and that is ours to do.

import { execa } from 'execa';
import { TestcardError } from '../../src/model/errors.ts';

/** Sees to it that `program`, of the Debian package of the same name, can be called. */
export async function installWithApt(program: string, say: (line: string) => void): Promise<void> {
  const isThere = async () => (await execa(program, ['--version'], { reject: false })).exitCode === 0;
  if (await isThere()) return;
  const failure = new TestcardError(
    'IMAGE_MISSING',
    `no registry answers, and ${program} is not there to make base images with`,
    {
      hint: `sudo apt-get install ${program}`,
    },
  );
  if (process.getuid?.() !== 0) throw failure;
  say(`installing ${program} with apt-get …`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]) =>
    execa('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], { env, reject: false });
  await apt('update');
  await apt('install', '-y', '--no-install-recommends', program);
  if (!(await isThere())) throw failure;
}
