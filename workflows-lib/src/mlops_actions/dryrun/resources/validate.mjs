// Asks GitHub's language service about workflow files: one JSON request on standard input, one JSON answer.
//
// {"repo": folder, "library": folder, "repository": "owner/name", "names": ["mlops-actions"], "files": [path, ...]}
// -> {"files": {path: [{"line", "character", "severity", "message"}, ...]},
//     "calls": {path: [path of a called file in the same repository, ...]}, "troubles": [text, ...]}
import { readFileSync, realpathSync } from "node:fs";
import * as module from "node:module";
import path from "node:path";
import { load } from "./json-modules.mjs";

// registerHooks came with Node 22.15; before, a loader runs on a thread of its own.
if (module.registerHooks) module.registerHooks({ load });
else module.register("./json-modules.mjs", import.meta.url);

const { validate } = await import("@actions/languageservice");
const { registerLogger, setLogLevel, LogLevel } = await import("@actions/languageservice/log");
const { TextDocument } = await import("vscode-languageserver-textdocument");

const request = JSON.parse(readFileSync(0, "utf8"));
const answer = { files: {}, calls: {}, troubles: [] };

setLogLevel(LogLevel.Error);
registerLogger({ info() {}, log() {}, warn() {}, error: (message) => answer.troubles.push(String(message)) });

function root(reference) {
  if (!("repository" in reference)) return request.repo;
  if (request.names.includes(reference.repository.toLowerCase())) return request.library;
  const whole = `${reference.owner}/${reference.repository}`.toLowerCase();
  if (whole === request.repository.toLowerCase()) return request.repo;
  throw new Error(`${whole} is not at hand`);
}

function read(folder, relative) {
  const file = realpathSync(path.resolve(folder, relative)); // a link may lead out of the repository
  if (!file.startsWith(realpathSync(folder) + path.sep)) throw new Error("outside of the repository");
  return readFileSync(file, "utf8");
}

for (const file of request.files) {
  answer.calls[file] = [];
  const fileProvider = {
    async getFileContent(reference) {
      const folder = root(reference);
      if (folder === request.repo) answer.calls[file].push(reference.path);
      return { name: reference.path, content: read(folder, reference.path) };
    },
  };
  const document = TextDocument.create("file:///" + encodeURI(file), "yaml", 1, read(request.repo, file));
  answer.files[file] = (await validate(document, { fileProvider })).map((each) => ({
    line: each.range.start.line + 1,
    character: each.range.start.character + 1,
    severity: each.severity ?? 1,
    message: each.message,
  }));
}
process.stdout.write(JSON.stringify(answer));
