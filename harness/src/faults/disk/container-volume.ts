// A volume as a container sees it: looked at, filled and emptied by the tools image through the container's own root, so that nothing is asked
// of the service's image.

import type { ContainerControl } from '../../model/containers.ts';
import { TestcardError } from '../../model/errors.ts';

export interface ContainerVolume {
  /** Of the file system: `tmpfs`, `ext4`. */
  type: string;
  bytes: number;
  /** Not the container's own root file system. */
  isOwn: boolean;
}

const program = `
import errno, json, os, sys

action, folder, file = sys.argv[1], "/proc/1/root" + sys.argv[2], "/proc/1/root" + sys.argv[3]

def look():
    own = os.stat(folder)
    if not os.path.isdir(folder):
        raise SystemExit("it is no folder")
    size = os.statvfs(folder)
    mounts = [line.split()[1:3] for line in open("/proc/1/mounts")]
    fits = [each for each in mounts if (sys.argv[2] + "/").startswith(each[0].rstrip("/") + "/")]
    return {"type": max(fits, key=lambda each: len(each[0]))[1], "bytes": size.f_blocks * size.f_frsize,
            "isOwn": own.st_dev != os.stat("/proc/1/root").st_dev}

def write(path, sizes):
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    problem = None
    try:
        for size in sizes:
            chunk = b"\\0" * size
            try:
                while os.write(handle, chunk) == size:
                    if action == "probe":
                        return None
            except OSError as error:
                problem = errno.errorcode.get(error.errno, str(error.errno))
                if problem not in ("ENOSPC", "EDQUOT"):
                    raise SystemExit(problem)
    finally:
        os.close(handle)
    return problem

def remove():
    try:
        os.unlink(file)
    except FileNotFoundError:
        pass

try:
    if action == "look":
        print(json.dumps(look()))
    elif action == "fill":
        write(file, (1 << 20, 4096, 1))
    elif action == "probe":
        try:
            problem = write(file, (4096,))
        except OSError as error:
            problem = errno.errorcode.get(error.errno, str(error.errno))
        remove()
        print(json.dumps({"problem": problem}))
    else:
        remove()
except OSError as error:
    raise SystemExit(error.strerror)
`;

/** `file`: absolute in the container. Throws STEP_INCONCLUSIVE with the reason when it could not be done. */
export async function atVolume<T = unknown>(
  action: 'look' | 'fill' | 'probe' | 'remove',
  { service, folder, file = folder }: { service: string; folder: string; file?: string },
  containers: ContainerControl,
  signal: AbortSignal,
): Promise<T> {
  const argv = ['python3', '-c', program, action, folder, file];
  const { code, stdout, stderr } = await containers.fileExec(service, argv, signal);
  if (code === 0) return JSON.parse(stdout || 'null') as T;
  throw new TestcardError(
    'STEP_INCONCLUSIVE',
    `could not ${action} ${folder} of ${service}: ${stderr.trim().split('\n').at(-1) || `exit code ${code}`}`,
  );
}
