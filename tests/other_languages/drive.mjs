// Asks the Node snippet about each token on standard input.

import { readFileSync } from "node:fs";
import { clearance } from "./snippet.mjs";

const answers = [];
for (const token of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    answers.push({ jti: (await clearance(token)).jti });
  } catch (error) {
    answers.push({ refused: `${error.code}: ${error.message}` });
  }
}
process.stdout.write(JSON.stringify(answers));
