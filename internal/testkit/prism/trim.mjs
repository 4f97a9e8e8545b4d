// Cuts GitHub's OpenAPI description down to what tests need: node trim.mjs FROM KEEP TO, where FROM is a file below generated/ of
// the npm package @octokit/openapi 23.0.2 (MIT licence, Copyright (c) 2020 Octokit contributors), and KEEP a JSON file that names
// it and says which methods of which paths stay: {"from": "ghec.json", "paths": {"/user": ["get"]}}.
import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
const [,, from, list, to] = process.argv
const keep = JSON.parse(readFileSync(list))
if (basename(from) !== keep.from) throw new Error(`${list} is cut out of ${keep.from}`)
const spec = JSON.parse(readFileSync(from))
const paths = {}
for (const [p, methods] of Object.entries(keep.paths)) {
  paths[p] = Object.fromEntries(methods.map(m => [m, spec.paths[p][m]]))
}
// What is for readers goes; an example stays as it is, and so does a property that happens to have such a name.
const drop = v => {
  if (Array.isArray(v)) return v.map(drop)
  if (v && typeof v === 'object') {
    return Object.fromEntries(Object.entries(v).filter(([k, x]) => !k.startsWith('x-') && !(typeof x === 'string' && ['description', 'summary'].includes(k))).map(([k, x]) => [k, k.startsWith('example') ? x : drop(x)]))
  }
  return v
}
const components = {}
const seen = new Set()
const walk = v => {
  if (Array.isArray(v)) return v.forEach(walk)
  if (!v || typeof v !== 'object') return
  if (typeof v.$ref === 'string' && !seen.has(v.$ref)) {
    seen.add(v.$ref)
    const [, , kind, name] = v.$ref.split('/')
    components[kind] ??= {}
    components[kind][name] = spec.components[kind][name]
    walk(components[kind][name])
  }
  Object.values(v).forEach(walk)
}
walk(paths)
// Names of components stay, x- or not, and examples as they are, but for their tokens, which scanners take for real ones.
const hush = v => Array.isArray(v) ? v.map(hush) : v && typeof v === 'object' ? each(v, (x, k) => typeof x === 'string' && /token$/.test(k) ? 'not-a-token' : hush(x)) : v
const each = (o, f) => Object.fromEntries(Object.entries(o).map(([k, v]) => [k, f(v, k)]))
const kept = each(components, (all, kind) => kind === 'examples' ? hush(all) : each(all, drop))
writeFileSync(to, JSON.stringify({ openapi: spec.openapi, info: { title: spec.info.title, version: spec.info.version, license: spec.info.license }, servers: [{ url: 'https://api.github.com' }], paths: drop(paths), components: kept }) + '\n')
