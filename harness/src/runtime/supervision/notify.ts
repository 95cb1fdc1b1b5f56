// Tells listeners without letting their mistakes in.

/** A listener that throws must not keep services from being stopped; its error still surfaces, as one that nobody caught. */
export function notify(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
