// Permalinks: URLs that always return the same page or record.

/** A page or a record of an answer. JSON and copies leave the permalink out. */
export interface Cited {
  /** The URL that always returns this as it is in its edition. Undefined if the version has no editions. */
  readonly permalink?: string;
}

/** The member that the answers of all versions have. */
interface Citable {
  readonly data: unknown;
}

const EDITION = "known_at=";

/**
 * Set the permalinks of an answer and of its records. `location` is the Content-Location of the answer, which contains its
 * edition. Versions without editions do not send it.
 */
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

function setPermalink(target: object, permalink: string): void {
  Object.defineProperty(target, "permalink", { value: permalink });
}
