// Writes XML: elements with attributes, children and text, and nothing that a parser would refuse.

export interface XmlElement {
  name: string;
  /** Undefined ones are left out. */
  attributes: Record<string, string | number | undefined>;
  children: readonly (XmlElement | XmlText)[];
}

/** Text that is kept with its line breaks, as CDATA. */
export interface XmlText {
  text: string;
}

export function element(
  name: string,
  attributes: XmlElement['attributes'] = {},
  children: XmlElement['children'] = [],
): XmlElement {
  return { name, attributes, children };
}

export function renderXml(root: XmlElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${render(root, '')}\n`;
}

function render({ name, attributes, children }: XmlElement, indent: string): string {
  const written = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${escapeAttribute(String(value))}"`],
  );
  const open = `${indent}<${name}${written.join('')}`;
  if (children.length === 0) return `${open}/>`;
  const texts = children.flatMap((child) => ('text' in child ? [child.text] : []));
  if (texts.length === children.length) return `${open}>${texts.map(cdata).join('')}</${name}>`;
  const inner = children.map((child) => ('text' in child ? cdata(child.text) : render(child, `${indent}  `)));
  return `${open}>\n${inner.join('\n')}\n${indent}</${name}>`;
}

/** Characters that XML 1.0 cannot hold in any form (section 2.2): most control characters, halves of surrogate pairs. Logs have them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is what it is for
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/gu;

const legal = (text: string): string => text.toWellFormed().replace(NOT_XML, '\ufffd');

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // A parser makes spaces of these in attributes.
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
};

const escapeAttribute = (text: string): string =>
  legal(text).replace(/[&<>"\n\r\t]/g, (char) => ENTITIES[char] ?? char);

/** A section ends at the first `]]>`: one in the text is divided between two. */
const cdata = (text: string): string => `<![CDATA[${legal(text).replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
