// Permalinks: the URLs that return pages and records as they are for good.

/** A page or a record of an answer. JSON and copies leave the permalink out. */
export interface Cited {
  /** The URL that returns this for good, as of its edition; undefined if the version has no editions. */
  readonly permalink?: string;
}

/** An answer, as far as all versions share it. */
interface Citable {
  readonly data: unknown;
}

const EDITION = "known_at=";

/** Set the permalinks of an answer and of its records. `location` is the Content-Location of the answer, which names
 * its edition. Versions without editions send none. */
export function setPermalinks(answer: Citable, address: string, path: string, location: string | null): void {
  if (!location?.includes(EDITION)) return;
  const permalink = location.includes("://") ? location : address + location;
  setPermalink(answer, permalink);
  if (!Array.isArray(answer.data)) {
    setPermalink(answer.data as object, permalink);
    return;
  }
  const edition = location.slice(location.lastIndexOf(EDITION));
  for (const record of answer.data as { id?: unknown; revision?: unknown }[]) {
    // Rows of other lists, such as withdrawals, have no URL of their own.
    if (typeof record.id === "string" && typeof record.revision === "number") {
      setPermalink(record, `${address}${path}/${record.id}?${edition}`);
    }
  }
}

function setPermalink(of: object, permalink: string): void {
  Object.defineProperty(of, "permalink", { value: permalink });
}
