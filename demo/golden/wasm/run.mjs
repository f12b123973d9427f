// Prints what the golden run prints on other machines: node run.mjs MODULE [--full | controls]
import { readFileSync, writeSync } from 'node:fs';

const [path, what = ''] = process.argv.slice(2);
const mode = { '': 0, '--full': 1, controls: 2 }[what];
if (path === undefined || mode === undefined) {
  console.error('usage: node run.mjs MODULE [--full | controls]');
  process.exit(2);
}
const { instance } = await WebAssembly.instantiate(readFileSync(path), {});
const { golden_run, golden_text, memory } = instance.exports;
const length = golden_run(mode);
const text = new Uint8Array(memory.buffer, golden_text(), length);
// A pipe may take less than it is given.
for (let written = 0; written < length; ) {
  written += writeSync(1, text, written);
}
