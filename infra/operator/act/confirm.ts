/** Asks whoever sits in front of the tool before something is done to many. */
import { unmet, wrongUse } from "../words/exit.ts";
import type { Session } from "../session/session.ts";

export interface Question {
  readonly text: string;
  /** What to do where nobody can answer. */
  readonly otherwise: string;
  /** What a "no" means. */
  readonly refused: string;
}

/** @throws CommandError unless the user agrees */
export async function confirm(session: Session, question: Question): Promise<void> {
  const answer = await session.ask(`${question.text} [y/N] `);
  if (answer === undefined) throw wrongUse(question.otherwise);
  if (!/^y(es)?$/i.test(answer.trim())) throw unmet(question.refused);
}
