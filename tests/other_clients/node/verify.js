/** Asks about each response with cf-turnstile: node verify.js URL SECRET ACTION RESPONSE... */

import turnstile from "cf-turnstile";

const [apiUrl, secret, action, ...responses] = process.argv.slice(2);
const verify = turnstile(secret, { apiUrl, action });
const answers = [];
for (const response of responses) {
  answers.push(await verify(response));
}
process.stdout.write(JSON.stringify(answers));
