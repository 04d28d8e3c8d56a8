import type { Catalog } from '../../catalog.ts'
import type { StateMachine, StateMachineAlias, StateMachineVersion } from '../../resources.ts'
import type { MachineLookup, MachineRevision } from '../engine.ts'
import { machineArnParts } from './arns.ts'

/** Machines that exist for one call only, for TestState. */
export type TemporaryMachines = Map<string, MachineRevision>

/**
 * Answers the engine's questions about machines and activities from the catalog. An alias chooses one of its versions
 * by weight.
 *
 * @param random In [0, 1). @default Math.random
 */
export function createMachineLookup(
  catalog: Catalog,
  options: { random?: () => number; temporary?: TemporaryMachines } = {},
): MachineLookup {
  const machines = catalog.collection('AWS::StepFunctions::StateMachine')
  const versions = catalog.collection('AWS::StepFunctions::StateMachineVersion')
  const aliases = catalog.collection('AWS::StepFunctions::StateMachineAlias')
  const activities = catalog.collection('AWS::StepFunctions::Activity')
  const random = options.random ?? Math.random
  return {
    resolve(arn) {
      const { machineArn, qualifier } = machineArnParts(arn)
      const temporary = options.temporary?.get(arn)
      if (temporary !== undefined) return temporary
      const machine = machines.get(machineArn)
      if (machine === undefined || machine.status === 'DELETING') return undefined
      if (qualifier === undefined) return revisionOf(machine)
      const alias = aliases.get(arn)
      const version = versions.get(alias === undefined ? arn : chooseVersion(alias, random()))
      if (version === undefined) return undefined
      return {
        ...versionOf(machine, version),
        stateMachineVersionArn: version.arn,
        ...(alias === undefined ? {} : { stateMachineAliasArn: alias.arn }),
      }
    },
    hasActivity: (arn) => activities.has(arn),
  }
}

/** The version that an alias routes to, by weight. */
export function chooseVersion(alias: StateMachineAlias, chance: number): string {
  let left = chance * 100
  for (const { stateMachineVersionArn, weight } of alias.routingConfiguration) {
    if (left < weight) return stateMachineVersionArn
    left -= weight
  }
  return alias.routingConfiguration[0]?.stateMachineVersionArn ?? ''
}

export function revisionOf(machine: StateMachine): MachineRevision {
  return {
    stateMachineArn: machine.arn,
    name: machine.name,
    definition: machine.definition,
    roleArn: machine.roleArn,
    type: machine.type,
    updateDate: machine.updateDate ?? machine.creationDate,
    ...configurations(machine),
  }
}

function versionOf(machine: StateMachine, version: StateMachineVersion): MachineRevision {
  return {
    stateMachineArn: machine.arn,
    name: machine.name,
    definition: version.definition,
    roleArn: version.roleArn,
    type: version.type,
    updateDate: version.creationDate,
    ...configurations(version),
  }
}

function configurations(
  from: Pick<
    StateMachine | StateMachineVersion,
    'revisionId' | 'loggingConfiguration' | 'tracingConfiguration' | 'encryptionConfiguration'
  >,
): Partial<MachineRevision> {
  return {
    ...(from.revisionId === undefined ? {} : { revisionId: from.revisionId }),
    ...(from.loggingConfiguration === undefined ? {} : { loggingConfiguration: from.loggingConfiguration }),
    ...(from.tracingConfiguration === undefined ? {} : { tracingConfiguration: from.tracingConfiguration }),
    ...(from.encryptionConfiguration === undefined ? {} : { encryptionConfiguration: from.encryptionConfiguration }),
  }
}
