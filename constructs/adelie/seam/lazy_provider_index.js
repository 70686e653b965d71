// Loaded into the jsii process with --require (see startup.py). The index of a prebuilt cdktf provider is a list of
//   exports.vpc = require('./vpc');
// lines, one for each of its 2,200 resources. This turns each into a getter, so that a resource is loaded when it is
// first used. An index that looks otherwise is left as it is.
'use strict';
const fs = require('fs');
const Module = require('module');

const PROVIDER_INDEX = /@cdktf[\\/]provider-[^\\/]+[\\/]lib[\\/]index\.js$/;
const EAGER_EXPORT = /^exports\.(\w+) = require\((['"][^'"]+['"])\);$/gm;
const LAZY_EXPORT = 'Object.defineProperty(exports, "$1", { enumerable: true, get: () => require($2) });';

const compile = Module._extensions['.js'];
Module._extensions['.js'] = (module, filename) => {
  if (!PROVIDER_INDEX.test(filename)) {
    return compile(module, filename);
  }
  return module._compile(fs.readFileSync(filename, 'utf8').replace(EAGER_EXPORT, LAZY_EXPORT), filename);
};
