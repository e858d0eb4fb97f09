import { defineLoop } from "waybill-worker";
import { z } from "zod";

/** How many texts a step counts: a step is to take no more than about 100 ms of CPU time. */
const TEXTS_PER_STEP = 50;

/** Counts the words of texts. Its tasks stand alone: there is no resource that they work for. */
export const countWords = defineLoop({
  type: "count_words",
  attempts: 3,
  input: z.strictObject({ texts: z.array(z.string()).min(1).max(1000) }),
  output: z.object({ texts: z.int(), words: z.int() }),
  // What is kept between two steps, and after a crash: how far it is.
  state: z.object({ next: z.int(), words: z.int() }),
  start: async ({ texts }) => next({ next: 0, words: 0 }, texts.length),
  advance: async (state, { input: { texts } }) => {
    const some = texts.slice(state.next, state.next + TEXTS_PER_STEP);
    const words = some.reduce((sum, text) => sum + (text.match(/\S+/g)?.length ?? 0), state.words);
    return next({ next: state.next + some.length, words }, texts.length);
  },
  emits: { "texts.counted": z.object({ texts: z.int(), words: z.int() }) },
  conclude: ({ next: texts, words }) => ({
    outputs: [{ texts, words }],
    events: [{ type: "texts.counted", data: { texts, words } }],
  }),
});

function next(state: { readonly next: number; readonly words: number }, total: number) {
  const progress = { completed: state.next, total, unit: "texts", message: null };
  return { kind: state.next < total ? ("next" as const) : ("done" as const), state, progress };
}
