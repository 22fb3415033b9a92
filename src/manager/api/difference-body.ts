/** The difference of two revisions as the API tells it. */
import { type Static, Type } from "typebox";
import type { RevisionDifference } from "../history/revision-difference.ts";

export const DIFFERENCE = Type.Object({
  from: Type.Union([Type.String(), Type.Null()]),
  to: Type.String(),
  count: Type.Integer({ description: "Files that differ, listed or not." }),
  list: Type.Array(
    Type.Object({
      change: Type.String({ description: "added, changed, removed" }),
      kind: Type.Optional(Type.String()),
      name: Type.Optional(Type.String()),
      path: Type.String(),
      lines: Type.Optional(
        Type.String({
          description: "A unified difference from its first @@ line on; empty for a binary file.",
        }),
      ),
    }),
  ),
  cut: Type.Boolean({ description: "Lines of something listed are left out: it is too much." }),
});

export function toDifference(difference: RevisionDifference): Static<typeof DIFFERENCE> {
  const { from = null, to, count, changes, isCut } = difference;
  return { from, to, count, list: [...changes], cut: isCut };
}
