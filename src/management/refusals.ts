import { notFound, notOffered } from './errors.ts'
import { type Operation, type Operations, text } from './operation.ts'

const refuse =
  (instead: string): Operation =>
  ({ operation }) => {
    throw notOffered(operation, instead)
  }

/** What does not exist cannot be found: clients that look before they make (Terraform) get AWS's answer. */
const missing =
  (noun: string, member: string): Operation =>
  ({ input }) => {
    throw notFound(`${noun} ${text(input, member)} not found.`)
  }

const DOMAINS = 'an API is reached by its URL in "uris", under any host name that leads here'
/** What to do where schemas would be merged. */
export const MERGED_INSTEAD = 'schemas are not merged here; upload the merged schema to one API'
const EVENTS = 'Events APIs are declared in the project'
const INTROSPECTION = 'tables of databases are not read into schemas here'

/** Operations of parts of AppSync that this server does not have: each refuses in its own shape, lists are empty. */
export const refusals: Operations = {
  CreateDomainName: refuse(DOMAINS),
  GetDomainName: missing('Domain name', 'domainName'),
  ListDomainNames: () => ({ domainNameConfigs: [] }),
  UpdateDomainName: missing('Domain name', 'domainName'),
  DeleteDomainName: missing('Domain name', 'domainName'),
  AssociateApi: missing('Domain name', 'domainName'),
  GetApiAssociation: missing('Domain name', 'domainName'),
  DisassociateApi: missing('Domain name', 'domainName'),

  AssociateMergedGraphqlApi: refuse(MERGED_INSTEAD),
  AssociateSourceGraphqlApi: refuse(MERGED_INSTEAD),
  GetSourceApiAssociation: missing('Source API association', 'associationId'),
  ListSourceApiAssociations: () => ({ sourceApiAssociationSummaries: [] }),
  ListTypesByAssociation: missing('Source API association', 'associationId'),
  StartSchemaMerge: missing('Source API association', 'associationId'),
  UpdateSourceApiAssociation: missing('Source API association', 'associationId'),
  DisassociateMergedGraphqlApi: missing('Source API association', 'associationId'),
  DisassociateSourceGraphqlApi: missing('Source API association', 'associationId'),

  CreateApi: refuse(EVENTS),
  GetApi: missing('Api', 'apiId'),
  ListApis: () => ({ apis: [] }),
  UpdateApi: missing('Api', 'apiId'),
  DeleteApi: missing('Api', 'apiId'),
  CreateChannelNamespace: missing('Api', 'apiId'),
  GetChannelNamespace: missing('Api', 'apiId'),
  ListChannelNamespaces: missing('Api', 'apiId'),
  UpdateChannelNamespace: missing('Api', 'apiId'),
  DeleteChannelNamespace: missing('Api', 'apiId'),

  StartDataSourceIntrospection: refuse(INTROSPECTION),
  GetDataSourceIntrospection: missing('Introspection', 'introspectionId'),
}
