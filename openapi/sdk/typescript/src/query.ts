// Parameters as the URL has them: lists as one value with commas, times in RFC 3339.

/** What may stand in a URL. */
export type Value = string | number | boolean | Date | readonly (string | number | Date)[] | null | undefined;

/** The query of a URL, with its question mark; empty where nothing is given. */
export function query(given: object): string {
  const taken = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  const parts = taken.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(text(value as Value))}`);
  return parts.length ? `?${parts.join("&")}` : "";
}

/** One value. TypeError tells what cannot stand in a URL. */
export function text(value: Value): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((one: Value) => quoted(text(one))).join(",");
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  throw new TypeError(`${String(value)} cannot stand in a URL: expected text, a number, a time, or a list of these.`);
}

/** An item of a list: one that holds a comma or a quotation mark stands in double quotes, as in CSV. */
function quoted(item: string): string {
  return /[,"\r\n]/.test(item) ? `"${item.replaceAll('"', '""')}"` : item;
}
