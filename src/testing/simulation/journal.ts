/**
 * Journal: what can be seen of one step of a run, in lines of text.
 *
 * Lines stand on pages. The order of lines on one page counts, that between pages does not: a page
 * is what the documents promise an order for (all that happens around one loaded model), or a
 * single thing for which they promise none.
 *
 * The log of a version is one page, too. Where several loads of it are there at a time, of which none
 * comes first, its lines are in no order.
 */
export class Journal {
  readonly #pages = new Map<string, string[]>();
  readonly #ordersLogs: boolean;

  constructor(ordersLogs: boolean) {
    this.#ordersLogs = ordersLogs;
  }

  note(page: string, line: string): void {
    const lines = this.#pages.get(page);
    if (lines === undefined) this.#pages.set(page, [line]);
    else lines.push(line);
  }

  /** All pages since the last time, by name. */
  take(): readonly string[] {
    if (this.#pages.size === 0) return none;
    const pages = [...this.#pages].sort(([one], [other]) => (one < other ? -1 : 1));
    this.#pages.clear();
    const lines: string[] = [];
    for (const [page, texts] of pages) {
      if (!this.#ordersLogs && page.startsWith("log ")) texts.sort();
      for (const text of texts) lines.push(`${page}: ${text}`);
    }
    return lines;
  }
}

const none: readonly string[] = [];
