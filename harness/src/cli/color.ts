// Whether to colour what is written: only on a terminal, and never when NO_COLOR is set (no-color.org).

export function useColor(out: NodeJS.WriteStream): boolean {
  if (process.env.NO_COLOR) return false;
  if (process.env.FORCE_COLOR && process.env.FORCE_COLOR !== '0') return true;
  return out.isTTY === true;
}
