/**
 * Directives that AppSync knows without a definition, as its introspection describes them. A schema may put them on more
 * places than introspection names (`locations` here is what is accepted).
 */
const GROUPS = '("List of cognito user pool groups which have access on this field" cognito_groups: [String])'
const MODE = 'Tells the service this field/object has access authorized by'
const SHOWN = 'OBJECT | FIELD_DEFINITION'
const ACCEPTED =
  'SCHEMA | OBJECT | FIELD_DEFINITION | INTERFACE | UNION | ENUM | INPUT_OBJECT | INPUT_FIELD_DEFINITION | ENUM_VALUE'

const directives = (onTypes: string, onFields: string): string => `
"This directive allows results to be deferred during execution"
directive @defer on FIELD
"Tells the service which mutation triggers this subscription."
directive @aws_subscribe("List of mutations which will trigger this subscription when they are called." mutations: [String]) on FIELD_DEFINITION
"Tells the service which subscriptions will be published to when this mutation is called. This directive is deprecated use @aws_susbscribe directive instead."
directive @aws_publish("List of subscriptions which will be published to when this mutation is called." subscriptions: [String]) on FIELD_DEFINITION
"Directs the schema to enforce authorization on a field"
directive @aws_auth${GROUPS} on ${onFields}
"${MODE} a Cognito User Pools token."
directive @aws_cognito_user_pools${GROUPS} on ${onTypes}
"${MODE} an API key."
directive @aws_api_key on ${onTypes}
"${MODE} sigv4 signing."
directive @aws_iam on ${onTypes}
"${MODE} an OIDC token."
directive @aws_oidc on ${onTypes}
"${MODE} a Lambda Authorizer."
directive @aws_lambda on ${onTypes}
`

/** What schemas are checked against. */
export const acceptedDirectives = directives(ACCEPTED, ACCEPTED)
/** What introspection shows. */
export const shownDirectives = directives(SHOWN, 'FIELD_DEFINITION')
