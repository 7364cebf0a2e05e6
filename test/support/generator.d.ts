export declare class Generator {
  private state;
  private byte;
  noise(count: number): Int8Array;
  runs(count: number): Int8Array;
}
/** The first `limit` of the 50 samples that the goldens were recorded with. */
export declare function goldenInputs(elements: number, limit?: number): Int8Array[];
