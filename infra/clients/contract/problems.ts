/** The page that `type` of a refusal names: each code with its words, under a heading of its own. */
import {
  PROBLEM_CODES,
  wordsAtFields,
  wordsOfProblem,
} from "../../../functions/platform/server/answers/problem-words.ts";

export function problemsPage(): string {
  const parts = PROBLEM_CODES.map((code) => {
    const fields = wordsAtFields(code).map(({ field, words }) => `- \`${field}\`: ${words}`);
    return [`## ${code}`, wordsOfProblem(code), fields.join("\n")].filter(Boolean).join("\n\n");
  });
  const title = [
    "# Problems",
    "Made by `node infra/clients/contract/schemas.ts`; never edited by hand.",
    "The `type` of a refusal, `https://transactions-collector.io/problems/CODE`, is a name and no address: what CODE means and what " +
      "to do stands here, in the words that its `detail` has. With a field that has words of its own, those are told. Which answer " +
      "has which status says [the page of senders](../infra/clients/samples/README.md#what-comes-back).",
  ];
  return `${[...title, ...parts].join("\n\n")}\n`;
}
