// Reads policies and requests as JSON from standard input, and answers each request: whether IAM would allow it, by which
// statements, and if not, what was missing. evaluation.py starts it, once for all requests.
import {
  createValidatedPolicy,
  validateEndpointPolicy,
  validateIdentityPolicy,
  validateResourcePolicy,
} from '@cloud-copilot/iam-policy'
import { runSimulation, typeForContextKey } from '@cloud-copilot/iam-simulate'
import { readFileSync } from 'node:fs'

const validators = { identity: validateIdentityPolicy, resource: validateResourcePolicy, endpoint: validateEndpointPolicy }
const sent = JSON.parse(readFileSync(0, 'utf8'))
const unknown = []
for (const key of sent.keys) await typeForContextKey(key).catch(() => unknown.push(key))
const policies = sent.policies.map(({ kind, policy }) => createValidatedPolicy(policy, validators[kind]))

const named = (name, place) => (place === null ? [] : [{ name, policy: policies[place] }])

async function answer({ principal, action, resource, account, context, identity, resourcePolicy, boundary, endpoint }) {
  const { errors, overallResult, result, results } = await runSimulation(
    {
      request: { principal, action, resource: { resource, accountId: account }, contextVariables: context },
      identityPolicies: Object.entries(identity).flatMap(([name, place]) => named(name, place)),
      resourcePolicy: policies[resourcePolicy],
      permissionBoundaryPolicies: named('boundary', boundary),
      vpcEndpointPolicies: named('endpoint', endpoint),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  )
  if (errors) return { error: JSON.stringify(errors) }
  // "*" for an action that could have a resource: one answer for each of its types, none if it is denied.
  const { analysis = {}, ignoredContextKeys = [] } = result ?? results[0] ?? {}
  if (ignoredContextKeys.length) return { error: `${action} has no context key ${ignoredContextKeys}` }
  const parts = {
    identity: analysis.identityAnalysis,
    resource: analysis.resourceAnalysis,
    endpoint: analysis.endpointAnalysis,
  }
  const statements = (kind) =>
    Object.entries(parts).flatMap(([part, its]) =>
      (its?.[kind] ?? []).map((each) => [part === 'identity' ? each.policyId : part, each.explain]),
    )
  const sids = (kind) => statements(kind).map(([policy, { identifier }]) => [policy, identifier])
  // What comes near: statements that would allow it, but for conditions that don't hold.
  const nearly = statements('unmatchedStatements')
    .filter(([, { effect }]) => effect === 'Allow')
    .filter(([, each]) => each.actionMatch && each.resourceMatch && each.principalMatch !== 'NoMatch')
    .map(([policy, each]) => {
      const failed = (each.conditions ?? []).filter(({ matches }) => !matches)
      const said = failed.map((it) => `${it.conditionKeyValue} is ${it.resolvedConditionKeyValue ?? 'not there'}`)
      return `${each.identifier} of ${policy}: ${said.join(', ')}`
    })
  return {
    result: overallResult,
    blockedBy: analysis.blockedBy ?? [],
    allowedBy: sids('allowStatements'),
    deniedBy: sids('denyStatements'),
    nearly,
  }
}

const answers = []
for (const request of sent.requests) answers.push(await answer(request))
process.stdout.write(JSON.stringify({ unknown, answers }))
