// Format parameters for a URL: lists as one value with commas, times in RFC 3339.

/** A value that a parameter may have. */
export type Value = string | number | boolean | Date | readonly (string | number | Date)[] | null | undefined;

/** Return the query of a URL, with its question mark. Empty if there are no parameters. */
export function query(parameters: object): string {
  const present = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null);
  const parts = present.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(format(value as Value))}`);
  return parts.length ? `?${parts.join("&")}` : "";
}

/** Return one value as text. TypeError if it cannot stand in a URL. */
export function format(value: Value): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item: Value) => quote(format(item))).join(",");
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  throw new TypeError(`${String(value)} cannot stand in a URL: expected text, a number, a time, or a list of these.`);
}

/** Return an item of a list. It is in double quotes if it has a comma, quotation mark or line break, as in CSV. */
function quote(item: string): string {
  return /[,"\r\n]/.test(item) ? `"${item.replaceAll('"', '""')}"` : item;
}
