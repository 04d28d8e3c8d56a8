import { compileJsonataTemplate, compileTyped, isExpression } from '../../jsonata/template.ts'
import { compilePathField, compileTemplate } from '../../jsonpath/payloadTemplate.ts'
import { below, checkFields, has, objectField, oneOf, type Place, problem, requireFields, textField } from '../check.ts'
import { compileInput, compileLeave } from '../dataFlow.ts'
import { compileCatch, compileRetry } from '../errorHandling.ts'
import { andThen, isObject, member, setMember } from '../json.ts'
import { compileNumberField } from '../numberField.ts'
import type { Block, Evaluator, ItemBatcher, ItemReader, MapState, ResultWriter } from '../program.ts'
import { StatesError } from '../statesError.ts'
import { labelProblem } from './mapLabel.ts'
import { compileTransition } from './transition.ts'

const MAX_READER_ITEMS = 100_000_000

export function compileMap(place: Place, compileBlock: (block: Place) => Block): MapState {
  checkFields(place, {
    both: [
      'Type',
      'QueryLanguage',
      'ItemProcessor',
      'Iterator',
      'ItemReader',
      'ItemBatcher',
      'ItemSelector',
      'ResultWriter',
      'MaxConcurrency',
      'ToleratedFailureCount',
      'ToleratedFailurePercentage',
      'Label',
      'Next',
      'End',
      'Retry',
      'Catch',
      'Assign',
    ],
    JSONPath: [
      'InputPath',
      'OutputPath',
      'ItemsPath',
      'Parameters',
      'ResultSelector',
      'ResultPath',
      'MaxConcurrencyPath',
      'ToleratedFailureCountPath',
      'ToleratedFailurePercentagePath',
    ],
    JSONata: ['Items', 'Output'],
  })
  oneOf(place, ['ItemProcessor', 'Iterator'], true)
  oneOf(place, ['ItemSelector', 'Parameters'])
  const processor = compileProcessor(place, compileBlock)
  const label = compileLabel(place, processor.mode)
  const itemReader = compileItemReader(place)
  const itemBatcher = compileItemBatcher(place)
  const resultWriter = compileResultWriter(place)
  if (processor.mode === 'INLINE') {
    for (const field of ['ItemReader', 'ItemBatcher', 'ResultWriter']) {
      if (has(place, field)) problem(place, `Field '${field}' is only supported for the 'DISTRIBUTED' Mode`)
    }
  }
  const toleratedFailureCount = compileNumberField(place, 'ToleratedFailureCount', {
    minimum: 0,
    outOfRange: 'ToleratedFailureCount cannot be negative.',
  })
  const toleratedFailurePercentage = compileNumberField(place, 'ToleratedFailurePercentage', {
    minimum: 0,
    maximum: 100,
    fraction: true,
    outOfRange: 'ToleratedFailurePercentage must be between 0 and 100.',
  })
  const input = compileInput(place)
  return {
    type: 'Map',
    name: place.stateName,
    queryLanguage: place.language,
    transition: compileTransition(place),
    mode: processor.mode,
    executionType: processor.executionType,
    processor: processor.block,
    input,
    items: compileItems(place, input),
    itemInput: compileItemInput(place, input),
    hasItemSelector: has(place, 'ItemSelector') || (place.language === 'JSONPath' && has(place, 'Parameters')),
    maxConcurrency:
      compileNumberField(place, 'MaxConcurrency', { minimum: 0, outOfRange: 'MaxConcurrency cannot be negative.' }) ??
      (() => 0),
    leave: compileLeave(place, { result: true, resultPath: true }),
    retry: compileRetry(place),
    catch: compileCatch(place),
    ...(label === undefined ? {} : { label }),
    ...(itemReader === undefined ? {} : { itemReader }),
    ...(itemBatcher === undefined ? {} : { itemBatcher }),
    ...(resultWriter === undefined ? {} : { resultWriter }),
    ...(toleratedFailureCount === undefined ? {} : { toleratedFailureCount }),
    ...(toleratedFailurePercentage === undefined ? {} : { toleratedFailurePercentage }),
  }
}

interface Processor {
  mode: 'INLINE' | 'DISTRIBUTED'
  executionType: 'STANDARD' | 'EXPRESS'
  block: Block
}

function compileProcessor(place: Place, compileBlock: (block: Place) => Block): Processor {
  const field = has(place, 'ItemProcessor') ? 'ItemProcessor' : 'Iterator'
  const fields = objectField(place, field)
  if (fields === undefined) {
    return { mode: 'INLINE', executionType: 'STANDARD', block: { startAt: '', states: new Map() } }
  }
  const inner = below(place, field, fields)
  checkFields(inner, { both: ['StartAt', 'States', 'ProcessorConfig'] })
  const config = objectField(inner, 'ProcessorConfig')
  let mode: Processor['mode'] = 'INLINE'
  let executionType: Processor['executionType'] = 'STANDARD'
  if (config !== undefined) {
    const settings = below(inner, 'ProcessorConfig', config)
    checkFields(settings, { both: ['Mode', 'ExecutionType'] })
    const given = textField(settings, 'Mode')
    if (given === 'DISTRIBUTED') mode = given
    else if (given !== undefined && given !== 'INLINE') {
      problem(settings, 'Value must be one of [INLINE, DISTRIBUTED]', 'Mode')
    }
    const type = textField(settings, 'ExecutionType')
    if (type === 'EXPRESS') executionType = type
    else if (type !== undefined && type !== 'STANDARD') {
      problem(settings, 'Value must be one of [STANDARD, EXPRESS]', 'ExecutionType')
    }
    if (mode === 'DISTRIBUTED') {
      requireFields(settings, ['ExecutionType'])
      if (place.scope.type === 'EXPRESS') {
        problem(settings, 'Express state machine does not support Distributed Map state', 'Mode')
      }
    }
  }
  const scope = mode === 'DISTRIBUTED' ? { ...inner.scope, type: executionType } : inner.scope
  return { mode, executionType, block: compileBlock({ ...inner, scope }) }
}

function compileLabel(place: Place, mode: Processor['mode']): string | undefined {
  const label = textField(place, 'Label')
  if (label === undefined || mode === 'INLINE') return label
  const wrong = labelProblem(label)
  // Answered before anything else is looked at, in words of its own.
  if (wrong !== undefined) throw new LabelError(wrong)
  if (place.scope.labels.has(label)) {
    problem(place, `Duplicate Label: ${label}`, 'Label', 'DUPLICATE_LABEL_NAME')
  }
  place.scope.labels.add(label)
  return label
}

/** A label that a Map state cannot have. */
export class LabelError extends Error {
  override readonly name = 'LabelError'
}

function compileItems(place: Place, input: Evaluator): Evaluator<readonly unknown[]> {
  if (place.language === 'JSONata') {
    const given = has(place, 'Items')
    const value = given ? member(place.fields, 'Items') : '{% $states.input %}'
    if (given && !Array.isArray(value) && !isExpression(value)) problem(place, 'Expected value of type Array', 'Items')
    const evaluate = compileTyped<unknown[]>(place, 'Items', value, 'array')
    return (environment) => evaluate(environment, { input: environment.input })
  }
  const text = (has(place, 'ItemsPath') ? textField(place, 'ItemsPath') : undefined) ?? '$'
  const read = compilePathField(place, 'ItemsPath', text)
  return (environment) =>
    andThen(input(environment), (data) => {
      const items = read(environment, data)
      if (!Array.isArray(items)) {
        // As the service writes it: a path into the context object loses one of its two `$`.
        throw new StatesError('States.Runtime', `Reference path "${text.replace(/^\$\$/, '$')}" must point to array.`)
      }
      environment.inspect?.('afterItemsPath', items)
      return items
    })
}

function compileItemInput(place: Place, input: Evaluator): MapState['itemInput'] {
  if (place.language === 'JSONata') {
    if (!has(place, 'ItemSelector')) return (_, item) => item.value
    const evaluate = compileJsonataTemplate(place, 'ItemSelector', member(place.fields, 'ItemSelector'))
    return (environment) => evaluate(environment, { input: environment.input })
  }
  const field = has(place, 'ItemSelector') ? 'ItemSelector' : has(place, 'Parameters') ? 'Parameters' : undefined
  if (field === undefined) return (_, item) => item.value
  const read = compileTemplate(place, field, member(place.fields, field))
  return (environment) => andThen(input(environment), (data) => read(environment, data))
}

function compileArguments(place: Place): Evaluator {
  if (place.language === 'JSONata') {
    const evaluate = compileJsonataTemplate(place, 'Arguments', member(place.fields, 'Arguments') ?? {})
    return (environment) => evaluate(environment, { input: environment.input })
  }
  const read = compileTemplate(place, 'Parameters', member(place.fields, 'Parameters') ?? {})
  return (environment) => read(environment, environment.input)
}

function compileItemReader(place: Place): ItemReader | undefined {
  const fields = objectField(place, 'ItemReader')
  if (fields === undefined) return undefined
  const inner = below(place, 'ItemReader', fields)
  checkFields(inner, { both: ['Resource', 'ReaderConfig'], JSONPath: ['Parameters'], JSONata: ['Arguments'] })
  requireFields(inner, ['Resource'])
  return {
    resource: textField(inner, 'Resource') ?? '',
    readerConfig: compileReaderConfig(inner),
    arguments: compileArguments(inner),
  }
}

function compileReaderConfig(place: Place): Evaluator<Record<string, unknown>> {
  const fields = objectField(place, 'ReaderConfig')
  if (fields === undefined) return () => ({})
  const inner = below(place, 'ReaderConfig', fields)
  checkFields(inner, {
    both: [
      'InputType',
      'CSVHeaderLocation',
      'CSVHeaders',
      'CSVDelimiter',
      'MaxItems',
      'Transformation',
      'ManifestType',
      'ItemsPointer',
    ],
    JSONPath: ['MaxItemsPath'],
  })
  const maxItems = compileNumberField(inner, 'MaxItems', {
    minimum: 0,
    maximum: MAX_READER_ITEMS,
    outOfRange: `MaxItems must be between 0 and ${MAX_READER_ITEMS}.`,
  })
  const constant: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields)) {
    if (key !== 'MaxItems' && key !== 'MaxItemsPath' && key !== 'Comment') setMember(constant, key, value)
  }
  return (environment) =>
    maxItems === undefined ? constant : andThen(maxItems(environment), (count) => ({ ...constant, MaxItems: count }))
}

function compileItemBatcher(place: Place): ItemBatcher | undefined {
  const fields = objectField(place, 'ItemBatcher')
  if (fields === undefined) return undefined
  const inner = below(place, 'ItemBatcher', fields)
  checkFields(inner, {
    both: ['BatchInput', 'MaxItemsPerBatch', 'MaxInputBytesPerBatch'],
    JSONPath: ['MaxItemsPerBatchPath', 'MaxInputBytesPerBatchPath'],
  })
  const number = (field: string): Evaluator<number> | undefined =>
    compileNumberField(inner, field, { minimum: 0, outOfRange: `${field} cannot be negative.` })
  const maxItemsPerBatch = number('MaxItemsPerBatch')
  const maxInputBytesPerBatch = number('MaxInputBytesPerBatch')
  if (maxItemsPerBatch === undefined && maxInputBytesPerBatch === undefined) {
    problem(inner, 'There should be one of the following fields: [MaxItemsPerBatch, MaxInputBytesPerBatch]')
  }
  const batchInput = has(inner, 'BatchInput') ? compileBatchInput(inner) : undefined
  return {
    ...(maxItemsPerBatch === undefined ? {} : { maxItemsPerBatch }),
    ...(maxInputBytesPerBatch === undefined ? {} : { maxInputBytesPerBatch }),
    ...(batchInput === undefined ? {} : { batchInput }),
  }
}

function compileBatchInput(place: Place): Evaluator {
  const template = member(place.fields, 'BatchInput')
  if (place.language === 'JSONata') {
    const evaluate = compileJsonataTemplate(place, 'BatchInput', template)
    return (environment) => evaluate(environment, { input: environment.input })
  }
  const read = compileTemplate(place, 'BatchInput', template)
  return (environment) => read(environment, environment.input)
}

function compileResultWriter(place: Place): ResultWriter | undefined {
  const fields = objectField(place, 'ResultWriter')
  if (fields === undefined) return undefined
  const inner = below(place, 'ResultWriter', fields)
  checkFields(inner, { both: ['Resource', 'WriterConfig'], JSONPath: ['Parameters'], JSONata: ['Arguments'] })
  if (!has(inner, 'Resource') && !has(inner, 'WriterConfig')) requireFields(inner, ['Resource'])
  const resource = textField(inner, 'Resource')
  const writerConfig = member(fields, 'WriterConfig')
  return {
    ...(resource === undefined ? {} : { resource }),
    writerConfig: isObject(writerConfig) ? writerConfig : {},
    arguments: compileArguments(inner),
  }
}
