// The language service imports JSON without saying so, as bundlers allow: this load hook turns it into a module.
import { readFileSync } from "node:fs";

export function load(url, context, next) {
  if (!url.startsWith("file:") || !url.endsWith(".json")) return next(url, context);
  const source = "export default " + readFileSync(new URL(url), "utf8");
  return { format: "module", shortCircuit: true, source };
}
