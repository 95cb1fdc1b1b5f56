// Unpacks the parts of the run that stand compressed in the page, each when it is first asked for.

const unpacked = new Map<string, Promise<string>>();

/** The text of a chunk; rejects when the file is damaged. */
export function readChunk(name: string): Promise<string> {
  const known = unpacked.get(name);
  if (known) return known;
  const reading = unpack(name);
  unpacked.set(name, reading);
  return reading;
}

export async function readJson<T>(name: string): Promise<T> {
  return JSON.parse(await readChunk(name)) as T;
}

async function unpack(name: string): Promise<string> {
  const element = document.getElementById(`data-${name}`);
  if (!element) throw new Error(`the report has no part ${name}`);
  const bytes = fromBase64(element.textContent ?? '');
  element.textContent = ''; // kept once, unpacked
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).text();
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const { fromBase64: quick } = Uint8Array as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> };
  if (quick) return quick.call(Uint8Array, text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
