import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { AwsError } from '../../aws/errors.ts'

/** Cost of scrypt (RFC 7914): about 50 ms and 16 MB for a guess. */
const COST = { N: 16_384, r: 8, p: 1 }
const HASH_BYTES = 32
const SALT_BYTES = 16

/** @returns a text with algorithm, costs, salt and hash. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await derive(password, salt)
  return `scrypt$${COST.N}$${COST.r}$${COST.p}$${salt.toString('base64')}$${hash.toString('base64')}`
}

/** Takes as long for a wrong password as for a right one. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [algorithm, n, r, p, salt, hash] = stored.split('$')
  if (algorithm !== 'scrypt' || salt === undefined || hash === undefined) return false
  const expected = Buffer.from(hash, 'base64')
  const given = await derive(password, Buffer.from(salt, 'base64'), { N: Number(n), r: Number(r), p: Number(p) })
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function derive(password: string, salt: Uint8Array, cost = COST): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize(), salt, HASH_BYTES, cost, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}

/** `Policies.PasswordPolicy` of a user pool. */
export interface PasswordPolicy {
  minimumLength: number
  requireUppercase: boolean
  requireLowercase: boolean
  requireNumbers: boolean
  requireSymbols: boolean
}

/** The policy of pools that declare none (CreateUserPool). */
const DEFAULT_POLICY: PasswordPolicy = {
  minimumLength: 8,
  requireUppercase: true,
  requireLowercase: true,
  requireNumbers: true,
  requireSymbols: true,
}

/** Reads the policy from a pool's CloudFormation properties. */
export function passwordPolicyOf(properties: Readonly<Record<string, unknown>>): PasswordPolicy {
  const policies = properties['Policies']
  const declared = isObject(policies) ? policies['PasswordPolicy'] : undefined
  if (!isObject(declared)) return DEFAULT_POLICY
  const flag = (name: string): boolean => declared[name] === true || declared[name] === 'true'
  const length = Number(declared['MinimumLength'] ?? DEFAULT_POLICY.minimumLength)
  return {
    minimumLength: Number.isInteger(length) ? length : DEFAULT_POLICY.minimumLength,
    requireUppercase: flag('RequireUppercase'),
    requireLowercase: flag('RequireLowercase'),
    requireNumbers: flag('RequireNumbers'),
    requireSymbols: flag('RequireSymbols'),
  }
}

/** Throws `InvalidPasswordException` with Cognito's words. */
export function checkPasswordPolicy(password: string, policy: PasswordPolicy): void {
  const refuse = (reason: string): never => {
    throw new AwsError('InvalidPasswordException', `Password did not conform with policy: ${reason}`)
  }
  if (password.length < policy.minimumLength) refuse('Password not long enough')
  if (policy.requireUppercase && !/[A-Z]/.test(password)) refuse('Password must have uppercase characters')
  if (policy.requireLowercase && !/[a-z]/.test(password)) refuse('Password must have lowercase characters')
  if (policy.requireNumbers && !/[0-9]/.test(password)) refuse('Password must have numeric characters')
  if (policy.requireSymbols && !/[\^$*.[\]{}()?"!@#%&/\\,><':;|_~`=+\- ]/.test(password))
    refuse('Password must have symbol characters')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
