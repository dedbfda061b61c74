// Parameters in a URL: a list is one value with commas, and a time is written as in RFC 3339.

/** A value that a parameter may have. */
export type Value = string | number | boolean | Date | readonly (string | number | Date)[] | null | undefined;

/** Return the query of a URL, with its question mark; empty if there are no parameters. */
export function query(given: object): string {
  const taken = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  const parts = taken.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(text(value as Value))}`);
  return parts.length ? `?${parts.join("&")}` : "";
}

/** Return one value as text. TypeError if it cannot be a part of a URL. */
export function text(value: Value): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((one: Value) => quoted(text(one))).join(",");
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  throw new TypeError(`${String(value)} cannot stand in a URL: expected text, a number, a time, or a list of these.`);
}

/** Return an item of a list. If it contains a comma or a quotation mark, it is put in double quotes, as in CSV. */
function quoted(item: string): string {
  return /[,"\r\n]/.test(item) ? `"${item.replaceAll('"', '""')}"` : item;
}
