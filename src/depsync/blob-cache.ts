/**
 * Contents of blobs that were read, by blob id: between two revisions most files are the same and need not
 * be read again. Bounded in bytes; what was used longest ago goes first.
 */

export class BlobCache {
  readonly #bytesMax: number;
  readonly #blobs = new Map<string, Buffer>();
  #bytes = 0;

  /** `bytesMax` default: 64 MB. Zero keeps nothing. */
  constructor(bytesMax: number = 64 * 1024 * 1024) {
    this.#bytesMax = bytesMax;
  }

  get(blob: string): Buffer | undefined {
    const content = this.#blobs.get(blob);
    if (!content) return undefined;
    this.#blobs.delete(blob);
    this.#blobs.set(blob, content);
    return content;
  }

  set(blob: string, content: Buffer): void {
    if (this.#blobs.has(blob) || content.length > this.#bytesMax) return;
    this.#blobs.set(blob, content);
    this.#bytes += content.length;
    for (const [oldest, old] of this.#blobs) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#blobs.delete(oldest);
      this.#bytes -= old.length;
    }
  }
}
