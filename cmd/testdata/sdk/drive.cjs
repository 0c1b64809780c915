// Calls the client as the JSON on stdin says, and prints what came of each call.
"use strict";
const { readFileSync } = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { inspect } = require("node:util");

// snake_case to camelCase, as the names of the client are.
const camel = (name) => name.replace(/_(.)/g, (_, c) => c.toUpperCase());

async function one(pinseal, call) {
  const args = call.args.map((a) => (a?.bytes !== undefined ? Buffer.from(a.bytes, "base64") : a));
  try {
    let source = pinseal;
    if (call.client) {
      const options = Object.fromEntries(Object.entries(call.client).map(([k, v]) => [camel(k), k === "timeout" && typeof v === "number" ? v * 1000 : v]));
      source = new pinseal.Client(options);
    }
    const value = await source[camel(call.do)](...args);
    return Buffer.isBuffer(value) ? { bytes: value.toString("base64") } : { value };
  } catch (error) {
    if (!(error instanceof pinseal.SecretError)) throw error;
    return { code: error.code, message: error.message, seen: inspect(error, { depth: 10, showHidden: true }) + inspect(pinseal, { depth: 10, showHidden: true }) };
  }
}

async function main() {
  const pinseal = await import(pathToFileURL(path.join(process.argv[2], "pinseal.mjs")).href);
  const task = JSON.parse(readFileSync(0, "utf8"));
  let answers = [];
  if (task.how === "at once") answers = await Promise.all(task.calls.map((call) => one(pinseal, call)));
  else for (const call of task.calls) answers.push(await one(pinseal, call));
  process.stdout.write(JSON.stringify(answers));
}

main();
