// Cuts GitHub's OpenAPI description down to what this package calls: node trim.mjs FROM github-openapi.json, where FROM is
// generated/ghec.json of the npm package @octokit/openapi 23.0.2 (MIT licence, Copyright (c) 2020 Octokit contributors).
import { readFileSync, writeFileSync } from 'node:fs'
const [,, from, to] = process.argv
const spec = JSON.parse(readFileSync(from))
const keep = [
  '/user',
  ...['credential-authorizations', 'personal-access-tokens', 'audit-log', 'members', 'installations', 'hooks', 'actions/secrets', 'secret-scanning/alerts', 'properties/values', 'teams', 'teams/{team_slug}/repos', 'repos'].map(p => '/orgs/{org}/' + p),
  ...['keys', 'hooks', 'actions/secrets', 'environments', 'environments/{environment_name}/secrets'].map(p => '/repos/{owner}/{repo}/' + p),
]
const paths = {}
for (const p of keep) {
  const { parameters, responses, operationId } = spec.paths[p].get
  const ok = responses['200']
  const media = ok.content['application/json']
  paths[p] = { get: { operationId, parameters, responses: { 200: { description: '', content: { 'application/json': media } } } } }
}
const drop = v => {
  if (Array.isArray(v)) return v.map(drop)
  if (v && typeof v === 'object') {
    return Object.fromEntries(Object.entries(v).filter(([k, x]) => !k.startsWith('x-') && !(typeof x === 'string' && ['description', 'summary', 'title'].includes(k) && x !== '')).map(([k, x]) => [k, k.startsWith('example') ? x : drop(x)]))
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
writeFileSync(to, JSON.stringify({ openapi: spec.openapi, info: { title: spec.info.title, version: spec.info.version, license: spec.info.license }, servers: [{ url: 'https://api.github.com' }], paths: drop(paths), components: drop(components) }) + '\n')
